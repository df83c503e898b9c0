"""The service's bars, measured side by side in one run.

    .venv/bin/python tests/bench/service.py [--seconds 3] [--rounds 5]

- throughput of GET /recommend (wrk, one thread, 32 connections, every item and n in turn), access log and metrics
  on: at least 0.5 of a bare ASGI app that returns a constant on the same uvicorn, at least 2 of FastAPI;
- resident memory after that load: at most 60 MB;
- from the start of the process to its first answer: at most 0.5 s.

Rounds are interleaved, so that a machine that slows down does so for all; the median round counts. Ends with 1
where a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from peers import Peer, service, uvicorn_peer

STARTS = 5


def questions(peer: Peer, scratch: Path) -> Path:
    """A wrk script that asks for every item and every n in turn, as customers would."""
    with urllib.request.urlopen(f"{peer.url}/items") as answer:
        told = json.load(answer)
    paths = [
        f"/recommend?{told['item']}={quote(item['name'])}&n={n}"
        for n in range(1, told["neighbours"]["most"] + 1)
        for item in told["items"]
    ]
    # Each request is put together once, before the load: wrk's own work would be measured otherwise.
    script = scratch / "questions.lua"
    script.write_text(
        f"local paths = {{{', '.join(json.dumps(path) for path in paths)}}}\n"
        "local requests, at = {}, 0\n"
        "init = function() for i, path in ipairs(paths) do requests[i] = wrk.format('GET', path) end end\n"
        "request = function() at = at % #requests + 1; return requests[at] end\n"
    )
    return script


def load(peer: Peer, script: Path, seconds: float) -> float:
    """Requests a second; ends the bench where an answer was no success."""
    command = ["wrk", "-t1", "-c32", f"-d{seconds:g}s", "-s", str(script), peer.url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(f"{peer.name} did not answer all requests:\n{told}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    assert found, told
    return float(found.group(1))


def throughput(peers: list[Peer], script: Path, seconds: float, rounds: int) -> dict[str, float]:
    """The median requests a second of each peer."""
    for peer in peers:
        load(peer, script, 1)  # warm
    results: dict[str, list[float]] = {peer.name: [] for peer in peers}
    for round_ in range(rounds):
        for peer in peers[round_ % len(peers) :] + peers[: round_ % len(peers)]:
            results[peer.name].append(load(peer, script, seconds))
    return {name: statistics.median(found) for name, found in results.items()}


def start_seconds(scratch: Path) -> float:
    """The median time from the start of the process to its first answer."""
    times = []
    for _ in range(STARTS):
        with service(scratch) as peer:
            times.append(peer.start_seconds)
    return statistics.median(times)


def main() -> int:
    """Measure, print the table, and say whether the bars are met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3, help="length of a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each peer (default: %(default)s)")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        print("The service's bench is skipped: wrk is missing. Install it: apt-get install wrk")
        return 0
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        scratch = Path(folder)
        ours = running.enter_context(service(scratch))
        bare = running.enter_context(uvicorn_peer("bare ASGI", "bare:app", scratch))
        fastapi = running.enter_context(uvicorn_peer("FastAPI", "fastapi_peer:app", scratch))
        script = questions(ours, scratch)
        rates = throughput([ours, bare, fastapi], script, options.seconds, options.rounds)
        memory = {peer.name: peer.memory() for peer in (ours, bare, fastapi)}
        running.close()
        started = start_seconds(scratch)
    return report(rates, memory, started)


def report(rates: dict[str, float], memory: dict[str, float], started: float) -> int:
    """Print what was measured beside the bars; 1 where one is missed."""
    print(f"\n{'GET /recommend':<14} {'requests/s':>11} {'stillhouse is':>14} {'memory MB':>10}")
    for name, rate in rates.items():
        print(f"{name:<14} {rate:>11,.0f} {rates['stillhouse'] / rate:>13.2f}× {memory[name]:>10.1f}")
    bars = [
        ("of bare ASGI, at least 0.5", rates["stillhouse"] / rates["bare ASGI"], lambda found: found >= 0.5),
        ("of FastAPI, at least 2", rates["stillhouse"] / rates["FastAPI"], lambda found: found >= 2),
        ("MB of memory, at most 60", memory["stillhouse"], lambda found: found <= 60),
        ("s from start to first answer, at most 0.5", started, lambda found: found <= 0.5),
    ]
    print()
    for name, found, met in bars:
        print(f"{'met   ' if met(found) else 'MISSED'} {found:6.2f} {name}")
    return 0 if all(met(found) for _, found, met in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
