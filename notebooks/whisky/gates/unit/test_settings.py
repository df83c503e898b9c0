"""whisky/settings.py."""

import pytest

from whisky import settings

GOOD = """# settings
metric: euclidean
scaling: none
k: 5
accuracy_floor: 0.45
accuracy_drop: 0.06
class_floor: 0.15
scored_floor: 0.8
symmetry_floor: 0
hub_limit: 1
rows_least: 60
rows_most: 150
labels_stray: 0.1
same_profile_most: 2
drift_rows: 0.1
drift_changed: 0.1
drift_points: 6
drift_column: 0.25
drift_classes: 0.05
drift_metres: 20000
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "params.yaml").write_text(GOOD)
    return tmp_path


def change(folder, name, value):
    """Give a setting another value, as it is written in the file; gives its line."""
    lines = GOOD.splitlines()
    line = next(number for number, text in enumerate(lines) if text.startswith(f"{name}:"))
    lines[line] = f"{name}: {value}"
    (folder / "params.yaml").write_text("\n".join(lines) + "\n")
    return line + 1


def test_good_settings_are_read(folder):
    assert settings.findings(folder) == []
    found = settings.read_settings(folder)
    assert list(found) == list(settings.SETTINGS)
    assert (found["metric"], found["k"], found["drift_column"]) == ("euclidean", 5, 0.25)


ODD = ["", "~", ".nan", ".inf", "-.inf", "-1", "1e9", "sixty", "[1]", "true", "'1'", "0,45"]


@pytest.mark.parametrize("value", ODD)
def test_no_setting_takes_just_anything(folder, value):
    for name, (expected, _) in settings.SETTINGS.items():
        line = change(folder, name, value)
        (finding,) = settings.findings(folder)
        assert finding.where.startswith(f"params.yaml, line {line}, {name}, value ")
        assert expected in finding.what
        with pytest.raises(ValueError, match=f"line {line}, {name}, value"):
            settings.read_settings(folder)


def test_no_setting_may_be_missing(folder):
    for name, (expected, _) in settings.SETTINGS.items():
        (folder / "params.yaml").write_text(GOOD.replace(f"\n{name}: ", f"\n# {name}: "))
        (finding,) = settings.findings(folder)
        assert (finding.where, finding.mend) == (f"params.yaml, {name}", f"Add `{name}:` with {expected}")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("metric", "euclidian", "value 'euclidian': one of euclidean, manhattan, cosine, correlation is expected"),
        ("scaling", "zscore", "one of none, minmax, standard is expected"),
        ("k", "0", "value 0: a whole number from 1 to 149 is expected"),
        ("k", "500", "value 500: a whole number from 1 to 149 is expected"),
        ("k", "2.5", "value 2.5: a whole number from 1 to 149 is expected"),
        (
            "accuracy_floor",
            "'0.45'",
            "but this is text. Write it with a point and without quotes: accuracy_floor: 0.45",
        ),
        ("accuracy_floor", "0,45", "but this is text. Write it with a point and without quotes: accuracy_floor: 0.45"),
        ("rows_least", "sixty", "value 'sixty': a whole number from 6 to 10000 is expected"),
        ("drift_points", ".nan", "value .nan: a number from 0 to 48 is expected, but this is no size"),
        ("drift_points", "-.inf", "value -.inf: "),
        ("drift_points", "", "value '': a number from 0 to 48 is expected, but nothing stands there"),
        ("drift_points", "9" * 400, "a number from 0 to 48 is expected"),
        ("hub_limit", "33", "value 33: a number from 0 to 1 is expected"),
        ("rows_least", "151", "it is more than rows_most, 150, so no file could pass"),
    ],
)
def test_the_message_says_what_is_meant(folder, name, value, said):
    change(folder, name, value)
    (finding,) = settings.findings(folder)
    assert said in str(finding)


def test_every_bad_setting_is_told_at_once(folder):
    (folder / "params.yaml").write_text(GOOD.replace("0.1", ".nan").replace("k: 5", "kk: 5"))
    found = [finding.where for finding in settings.findings(folder)]
    assert found[0] == "params.yaml, k"
    assert "params.yaml, line 4, kk, value 5" in found
    assert len(found) == 2 + GOOD.count("0.1")


def test_a_setting_that_does_not_exist_is_refused(folder):
    (folder / "params.yaml").write_text(GOOD + "drift_metre: 5\nwater: 1\n")
    near, far = settings.findings(folder)
    assert str(near).endswith("there is no such setting. Is drift_metres meant? Otherwise take it out, or say in "
                              "whisky/settings.py what it may be")  # fmt: skip
    assert str(far).startswith("params.yaml, line 22, water, value 1: there is no such setting. Take it out")
