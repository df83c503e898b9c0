"""whisky/settings.py and params.yaml."""

from pathlib import Path

from whisky import neighbours, settings

FOLDER = Path(__file__).parents[2]


def test_the_settings_are_flat_and_known():
    found = settings.read_settings(FOLDER)
    assert found["metric"] in neighbours.METRICS
    assert found["scaling"] in neighbours.SCALINGS
    assert all(isinstance(value, int | float | str) for value in found.values())


def test_every_setting_is_used_in_the_steps():
    steps = (FOLDER / "dvc.yaml").read_text(encoding="utf-8")
    assert [name for name in settings.read_settings(FOLDER) if name not in steps] == []
