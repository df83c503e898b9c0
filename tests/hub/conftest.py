"""Settings and keys like those that the chart gives the hub."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from traitlets.config import Config

from hub.settings import Keys, Settings
from hub.typed import build

SETTINGS: dict[str, Any] = {
    "network": {"hubUrl": "http://hub.stillhouse.svc:8081", "proxyApi": "http://proxy-api.stillhouse.svc:8001"},
    "auth": {"trial": True, "admins": []},
    "database": {"url": "sqlite:////srv/stillhouse/hub.sqlite"},
    "servers": {"namespace": "users", "image": "registry.example/singleuser@sha256:" + "a" * 64, "startTimeout": 120},
    "homes": {"size": "5Gi"},
    "profiles": [
        {
            "name": "cpu",
            "title": "CPU",
            "cpu": {"guarantee": 0.1, "limit": 2},
            "memory": {"guarantee": "512Mi", "limit": "2Gi"},
            "nodeSelector": {"pool": "cpu"},
        },
        {
            "name": "gpu",
            "title": "GPU",
            "description": "One GPU.",
            "cpu": {"guarantee": 1, "limit": 4},
            "memory": {"guarantee": "1Gi", "limit": "4Gi"},
            "gpu": {"resource": "nvidia.com/gpu", "count": 2},
            "nodeSelector": {"pool": "gpu"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            "image": "registry.example/gpu@sha256:" + "b" * 64,
        },
    ],
}
KEYS = {
    "proxy-token": "c" * 64,
    "cookie-secret": "0123456789abcdef" * 4,
    "password": "trial password",
    "admin-password": "an admin's password is long, 32 or more",
}


@pytest.fixture
def data() -> dict[str, Any]:
    """What the settings file holds; a test may change it."""
    return copy.deepcopy(SETTINGS)


@pytest.fixture
def c() -> Config:
    return Config()


@pytest.fixture
def keys() -> Keys:
    return Keys(*KEYS.values())


@pytest.fixture
def settings(data: dict[str, Any]) -> Settings:
    return build(Settings, data, "settings")


@pytest.fixture
def written(data: dict[str, Any], tmp_path: Path) -> Path:
    """A folder with settings.yaml and the folder keys, as the hub's pod has them."""
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    (tmp_path / "keys").mkdir()
    for name, key in KEYS.items():
        (tmp_path / "keys" / name).write_text(key + "\n", encoding="utf-8")
    return tmp_path
