"""A model change to a new image: the time it takes, and the bytes that are new.

    .venv/bin/python tests/bench/image.py [--rounds 20] [--cold]

Each round changes a parameter of the model and assembles again. "New bytes" are the blobs that the image before did
not have: what a registry or a node has to fetch. With --cold one image is also made with an empty cache.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from make_model import model_folder

from pipelines import artifact
from pipelines.image.assemble import Image, assemble

SLOW_LAYERS = ("base", "dependencies", "bytecode")


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--cold", action="store_true", help="also with an empty cache (the base takes some seconds)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        model = artifact.load(model_folder(scratch))
        if options.cold:
            took, image = once(model, scratch, "cold", cache=scratch / "cache")
            tell("everything made, empty cache", [took], size(image))
        once(model, scratch, "warm")  # fetches what this machine's cache lacks
        first, image = once(model, scratch, "layout")
        tell("first image, cache warm", [first], size(image))
        seconds, new = changes(model, scratch, options.rounds)
        tell("model changed", seconds, max(new))
        small = sum(layer.size for layer in image.layers if layer.name not in SLOW_LAYERS)
        print(
            f"\nlayers beyond base, dependencies and their bytecode: {small:,} bytes; whole image: {image.size:,} bytes"
        )
        if image.missing:
            print(f"incomplete: {image.missing}")


def changes(model: artifact.Model, scratch: Path, rounds: int) -> tuple[list[float], list[int]]:
    """Seconds and new bytes of each model change."""
    seconds, new = [], []
    before = blobs(scratch / "layout")
    for number in range(rounds):
        changed = replace(model, params={**model.params, "k": 100 + number})
        took, image = once(changed, scratch, "layout")
        after = blobs(image.layout)
        seconds.append(took)
        new.append(sum(count for name, count in after.items() if name not in before))
        before = after
    return seconds, new


def once(model: artifact.Model, scratch: Path, out: str, cache: Path | None = None) -> tuple[float, Image]:
    """Seconds from the trained model, saved, to its image."""
    artifact.save(model, scratch / "changed")
    began = time.perf_counter()
    image = assemble(scratch / "changed", scratch / out, cache=cache)
    return time.perf_counter() - began, image


def blobs(layout: Path) -> dict[str, int]:
    """The blobs of a layout and their bytes."""
    return {path.name: path.stat().st_size for path in (layout / "blobs" / "sha256").iterdir()}


def size(image: Image) -> int:
    """Bytes of all blobs."""
    return sum(blobs(image.layout).values())


def tell(what: str, seconds: list[float], new: int) -> None:
    """One line of the table."""
    middle, most = statistics.median(seconds), max(seconds)
    print(f"{what:<30} median {middle:6.3f} s   max {most:6.3f} s   n {len(seconds):>3}   new bytes {new:>12,}")


if __name__ == "__main__":
    main()
