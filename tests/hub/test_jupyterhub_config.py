"""JupyterHub itself reads the configuration, from files as the chart makes them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "hub" / "jupyterhub_config.py"


@pytest.fixture
def load(written, monkeypatch):
    """Load the configuration from what is written, as JupyterHub does."""
    monkeypatch.setenv("STILLHOUSE_HUB_SETTINGS", str(written / "settings.yaml"))
    monkeypatch.setenv("STILLHOUSE_HUB_KEYS", str(written / "keys"))
    monkeypatch.setenv("STILLHOUSE_HUB_CONF_D", str(written / "conf.d"))

    def loaded() -> Config:
        return PyFileConfigLoader(CONFIG.name, path=str(CONFIG.parent)).load_config()

    return loaded


def test_every_part_is_applied(load):
    c = load()
    assert c.JupyterHub.hub_connect_url == "http://hub.stillhouse.svc:8081"
    assert c.JupyterHub.authenticator_class == "shared-password"
    assert c.JupyterHub.db_url.startswith("sqlite:")
    assert c.JupyterHub.spawner_class == "hub.spawner.StillhouseSpawner"
    assert c.KubeSpawner.automount_service_account_token is False
    assert c.KubeSpawner.pvc_name_template == "home-{username}"
    assert len(c.KubeSpawner.profile_list) == 2


def test_the_escape_hatch_comes_last_in_order_of_names(load, written):
    (written / "conf.d").mkdir()
    (written / "conf.d" / "10-first.py").write_text("c.KubeSpawner.http_timeout = 1\nc.JupyterHub.db_url = 'x'\n")
    (written / "conf.d" / "20-second.py").write_text("c.KubeSpawner.http_timeout = 2\n")
    (written / "conf.d" / "README.txt").write_text("no Python")
    c = load()
    assert c.KubeSpawner.http_timeout == 2
    assert c.JupyterHub.db_url == "x"


def test_settings_that_do_not_do_end_it_in_one_line(load, written, data):
    data["auth"]["trial"] = False
    (written / "settings.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(SystemExit) as told:
        load()
    assert str(told.value).startswith("The hub can't start. auth.trial is false")


def test_it_is_short():
    assert len(CONFIG.read_text(encoding="utf-8").splitlines()) < 50
