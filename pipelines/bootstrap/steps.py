"""How a step of the setting up is run and told of: a line each, with what went wrong and its mend."""

from __future__ import annotations

import re
import subprocess
import time

HINTS = (
    (
        "dns error|resolve|unreachable|timed? ?out|error sending request|connect error"
        "|connection (refused|error|reset|broken)",
        "The package registry can't be reached. Look at the network (behind a proxy set HTTPS_PROXY; with a "
        "mirror of your own set PIP_INDEX_URL and UV_DEFAULT_INDEX), then run the same command again.",
    ),
    ("certificate|UnknownIssuer", "Point SSL_CERT_FILE at your network's certificates, and run it again."),
    ("No space left|Disk quota", "The disk is full: free about 3 GB, then run the same command again."),
)
ANY_HINT = "Run the same command again; if it fails in the same way: make clean, and once more."


class StopError(Exception):
    """The setting up can't go on; its text says why and what to do."""


def run(what: str, command: list[str], variables: dict[str, str] | None = None) -> None:
    """Run one step, a dot every two seconds, and say how long it took.

    Raises StopError with the end of its output and what to do where it fails.
    """
    started = time.monotonic()
    print(f"  {what} ", end="", flush=True)
    process = subprocess.Popen(
        command,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    while True:
        try:
            output, _ = process.communicate(timeout=2)
            break
        except subprocess.TimeoutExpired:
            print(".", end="", flush=True)
        except BaseException:
            process.kill()  # an interrupted step doesn't go on behind our back
            raise
    print(f" {time.monotonic() - started:.1f} s", flush=True)
    if process.returncode:
        told = "\n".join(f"    {line}" for line in output.strip().splitlines()[-15:])
        raise StopError(f"{what}: failed.\n{told}\n{hint(output)}")


def hint(output: str) -> str:
    """What to do about a failed step, by what it said."""
    return next((mend for said, mend in HINTS if re.search(said, output, re.IGNORECASE)), ANY_HINT)


def output_of(command: list[str]) -> str | None:
    """What a program prints, or None where it doesn't start or fails."""
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout if told.returncode == 0 else None
