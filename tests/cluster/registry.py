"""The registry: one content, served twice, to this machine and to the pods, and to nobody else."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from functools import partial

from pipelines.files import write_json
from tests.cluster import layout as at
from tests.cluster import processes
from tests.cluster.commands import wait_until
from tests.cluster.layout import Layout

# The machine pushes through the first; pods and the nodes' containerds pull (and pods push) through the second.
ADDRESSES = {"registry": "127.0.0.1", "registry-pods": at.HOST}


def up(layout: Layout) -> None:
    """Have it answering on both addresses."""
    program = shutil.which("docker-registry") or "docker-registry"
    for name, address in ADDRESSES.items():
        config = layout.run / f"{name}.yml"
        write_json(config, settings(layout, address))
        processes.start(layout, name, [program, "serve", str(config)], config, env={"OTEL_TRACES_EXPORTER": "none"})
    for name, address in ADDRESSES.items():
        url = f"http://{address}:{at.REGISTRY_PORT}/v2/"
        wait_until(f"{url} answers", 15, partial(_answers, url), remedy=f"Its log: {layout.logs / f'{name}.log'}")


def settings(layout: Layout, address: str) -> dict[str, object]:
    """The registry's configuration. No cache of what is there: two serve the same folder."""
    return {
        "version": "0.1",
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(layout.registry)}, "delete": {"enabled": True}},
        "http": {"addr": f"{address}:{at.REGISTRY_PORT}"},
    }


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
