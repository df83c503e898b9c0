"""whisky/cases.py."""

import pytest

from whisky import cases

GOOD = """# cases
recommends:
  - { name: a, whisky: x, expect: y, among: 3 }

  - { name: b, whisky: y, expect: x, among: 20 }
suggests:
  - { name: c, whisky: z, suggest: x }
"""


def judged(tmp_path, text):
    path = tmp_path / "acceptance.yaml"
    path.write_text(text)
    return cases.findings(path)


def test_cases_know_their_lines(tmp_path):
    assert judged(tmp_path, GOOD) == []
    found = cases.read_cases(tmp_path / "acceptance.yaml")
    assert [(case["name"], case["line"]) for case in found["recommends"]] == [("a", 3), ("b", 5)]
    assert found["suggests"] == [{"name": "c", "whisky": "z", "suggest": "x", "line": 7}]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("recommends", "recommend", "acceptance.yaml, key 'recommends': it is missing"),
        ("recommends", "recommend", "acceptance.yaml, line 2, key 'recommend': there is no such kind of case"),
        ("expect: y", "expects: y", "acceptance.yaml, line 3, case 'a', key 'expect': it is missing"),
        (
            "expect: y",
            "expects: y",
            "acceptance.yaml, line 3, case 'a', key 'expects', value 'y': there is no such key",
        ),
        (", among: 3", "", "acceptance.yaml, line 3, case 'a', key 'among': it is missing. Give a whole number from 1"),
        ("among: 3", "among: three", "key 'among', value 'three': a whole number from 1 to 20 is expected"),
        ("among: 3", "among: 0", "key 'among', value 0: a whole number from 1 to 20 is expected"),
        ("among: 3", "among: 21", "key 'among', value 21: "),
        ("among: 3", "among: 3.0", "key 'among', value 3.0: "),
        ("among: 3", "among: true", "key 'among', value True: "),
        ("whisky: x", "whisky: 12", "line 3, case 'a', key 'whisky', value 12: text is expected"),
        ("whisky: x", "whisky: ", "line 3, case 'a', key 'whisky', value None: text is expected"),
        ("whisky: z", "whisky: ' '", "line 7, case 'c', key 'whisky', value ' ': text is expected"),
        ("name: c, ", "", "acceptance.yaml, line 7, key 'name': it is missing"),
        (
            "{ name: c, whisky: z, suggest: x }",
            "Oban",
            "acceptance.yaml, line 7, value 'Oban': this is no case of sugg",
        ),
        (
            "- { name: c, whisky: z, suggest: x }",
            "[]",
            "line 6, key 'suggests': there is no case, so nothing is checked",
        ),
        ("- { name: c, whisky: z, suggest: x }", "", "line 6, key 'suggests': a list of cases is expected"),
        ("- { name: c, whisky: z, suggest: x }", "c: x", "line 6, key 'suggests': a list of cases is expected"),
        ("suggests:", "suggests: c:", "acceptance.yaml, line 6: it can't be read as YAML"),
        (GOOD, "", "acceptance.yaml: the file is empty"),
        (GOOD, "recommends: []\nsuggests: []\n", "line 1, key 'recommends': there is no case, so nothing is checked"),
    ],
)
def test_a_file_that_is_not_right_is_told(tmp_path, old, new, said):
    assert old in GOOD
    found = "\n".join(map(str, judged(tmp_path, GOOD.replace(old, new))))
    assert said in found
