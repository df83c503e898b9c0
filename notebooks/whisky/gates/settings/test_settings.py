"""All of params.yaml, before anything is made or judged with it."""

from pathlib import Path

from pipelines.findings import stop_if
from whisky import settings


def test_every_setting_is_there_and_makes_sense():
    stop_if(settings.findings(Path(__file__).parents[2]))
