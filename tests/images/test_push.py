from __future__ import annotations

import json
from pathlib import Path

import pytest

from images import push
from images.build import Built
from images.errors import BuildError
from pipelines.files import write_json
from pipelines.image import registry

DIGEST = f"sha256:{'a' * 64}"
IMAGE = Built("hub", "key", DIGEST, 1, 1, "id")


def test_without_a_cluster_and_a_registry_nothing_is_pushed(tmp_path: Path) -> None:
    assert push.target_of(tmp_path, None, False) is None


def test_the_running_cluster_has_two_names_for_its_registry(tmp_path: Path) -> None:
    write_json(tmp_path / ".stillhouse" / "cluster.json", {"registry": {"push": "127.0.0.1:1", "pull": "r.svc:5000"}})
    assert push.target_of(tmp_path, None, False) == push.Target("127.0.0.1:1/stillhouse", "r.svc:5000/stillhouse", True)


def test_a_given_registry_comes_first(tmp_path: Path) -> None:
    write_json(tmp_path / ".stillhouse" / "cluster.json", {"registry": {"push": "127.0.0.1:1", "pull": "r.svc:5000"}})
    target = push.target_of(tmp_path, "registry.example/ours/", False)
    assert target == push.Target("registry.example/ours", "registry.example/ours", False)


def test_references_are_noted_by_the_name_that_pods_pull(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(registry, "push", lambda folder, place, _, **more: asked.append((place, more)) or DIGEST)
    write_json(tmp_path / push.REFERENCES, {"base": "kept"})
    reference = push.push(tmp_path, IMAGE, push.Target("127.0.0.1:1/ours", "r.svc:5000/ours", True), print)
    assert reference == f"r.svc:5000/ours/hub@{DIGEST}"
    assert json.loads((tmp_path / push.REFERENCES).read_text()) == {"base": "kept", "hub": reference}
    [(place, more)] = asked
    assert place == f"127.0.0.1:1/ours/hub:{'a' * 12}"
    assert more["insecure"] is True
    assert "ours/base" in more["beside"]
    assert "ours/hub" not in more["beside"]


def test_an_image_that_changed_meanwhile_is_not_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "push", lambda *_, **__: f"sha256:{'b' * 64}")
    with pytest.raises(BuildError, match="changed while it was pushed"):
        push.push(tmp_path, IMAGE, push.Target("r/ours", "r/ours"), print)
    assert not (tmp_path / push.REFERENCES).exists()
