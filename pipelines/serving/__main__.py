"""`python -m pipelines.serving`: serve a model artifact."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

# Before numpy: one thread is enough to rank a table, and every further one costs memory.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pipelines.serving", description="Serve a model artifact.")
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="the artifact's folder")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="0: any free one (default: %(default)s)")
    parser.add_argument(
        "--ready-file", type=Path, metavar="PATH", help="written once it listens, and again on a new model"
    )
    parser.add_argument("--access-log", metavar="PATH", help="append a JSON line for each request; -: to stdout")
    parser.add_argument(
        "--drain",
        type=_seconds,
        default=0.5,
        metavar="SECONDS",
        help="how long to go on answering after SIGTERM, so that load balancers take note (default: %(default)s)",
    )
    return parser.parse_args()


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 600:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: 0 to 600 seconds")
    return seconds


def main() -> int:
    """Serve until a signal ends it; 1 where the service can't start."""
    options = vars(_options())
    from pipelines.serving.server import Options, StartError, serve  # after OPENBLAS_NUM_THREADS is set

    try:
        serve(Options(**options))
    except StartError as error:
        print(f"stillhouse: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
