"""whisky/yamlfile.py."""

import pytest

from whisky import yamlfile


def test_a_file_is_read_with_its_lines(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("# first\na: 1\n\nb:\n  - 2\n  - { c: 3 }\n")
    content, wrong = yamlfile.read(path)
    assert (content, wrong) == ({"a": 1, "b": [2, {"c": 3}]}, [])
    assert [yamlfile.line_of(content, key) for key in "ab"] == [2, 4]
    assert yamlfile.line_of(content["b"], 1) == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "x.yaml: the file is missing. Restore it: git checkout -- x.yaml"),
        (b"", "x.yaml: the file is empty"),
        (b"# a\n", "x.yaml: the file is empty"),
        (b"- 1\n", "x.yaml: it is no list of names and values"),
        (b"words\n", "x.yaml: it is no list of names and values"),
        (b"a: 1\nb: c: d\n", "x.yaml, line 2: it can't be read as YAML (mapping values are not allowed here)"),
        (b"a: 1\na: 2\n", 'x.yaml, line 2: it can\'t be read as YAML (found duplicate key "a"'),
        (b"a: [1\n", "it can't be read as YAML"),
        (b"a: \x01\n", "x.yaml: it can't be read as YAML (its signs can't be in YAML)"),
        (b"a: \xff\n", "x.yaml: this is not UTF-8"),
    ],
)
def test_what_can_not_be_read_is_told(tmp_path, text, said):
    path = tmp_path / "x.yaml"
    if text is not None:
        path.write_bytes(text)
    content, (finding,) = yamlfile.read(path)
    assert content is None
    assert said in str(finding)
