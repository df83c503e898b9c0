"""The Debian that the test services (git, S3, Postgres) stand on: a layer made by mmdebstrap, made once."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipelines.image import cache
from pipelines.image.debian import sources as debian_sources
from pipelines.image.layer import Layer
from tests.cluster.commands import run
from tests.cluster.layout import Layout

SUITE = "bookworm"
PACKAGES = ("ca-certificates", "git", "lighttpd", "postgresql")
_USER = 'chroot "$1" useradd --uid 10001 --no-create-home --home-dir /tmp services'
_NO_CLUSTER = (
    'mkdir -p "$1/etc/postgresql-common" && '
    'echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"'
)
# Postgres works without its compiler of queries, which is half of the whole.
_LEAN = (
    'rm -rf "$1"/usr/share/man/* "$1"/var/lib/apt/lists/* "$1"/var/cache/* "$1"/usr/lib/postgresql/*/lib/bitcode '
    '"$1"/usr/lib/*/libLLVM* "$1"/usr/lib/llvm* "$1"/usr/lib/*/libz3*'
)
_EXCLUDED = ("/usr/share/doc/*", "/usr/share/locale/*")


def key() -> str:
    """What the layer depends on. Debian's updates are not followed: remove it from the cache to have them."""
    return cache.key(SUITE, *PACKAGES, _USER, _NO_CLUSTER, _LEAN, *_EXCLUDED)[:16]


def layer(layout: Layout) -> Layer:
    """The layer, made where it is not kept."""
    kept = layout.cache / "images" / f"services-root-{key()}.tar"
    if not kept.is_file():
        _make(kept)
    with kept.open("rb") as file:
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    return Layer("debian", digest, kept.stat().st_size, digest, path=kept)


def _make(kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    aside = kept.with_name(f".aside-{kept.name}")
    aside.unlink(missing_ok=True)
    sources = debian_sources(SUITE)
    command = ["mmdebstrap", "--variant=minbase", "--format=tar", f"--include={','.join(PACKAGES)}"]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in _EXCLUDED]
    command += ["--aptopt=Apt::Install-Recommends false", f"--essential-hook={_NO_CLUSTER}"]
    command += [f"--customize-hook={_USER}", f"--customize-hook={_LEAN}", SUITE, str(aside)]
    run(*command, *(["-"] if sources else []), stdin=sources, env={"SOURCE_DATE_EPOCH": "0"}, seconds=1200)
    aside.rename(kept)
