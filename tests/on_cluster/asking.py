"""A customer's program: ask a service over and over, each time on a new connection, and tell what came back.

It runs in a pod, with nothing but Python: `python3 asking.py HOST PATH SECONDS`.
"""

import collections
import http.client
import json
import sys
import threading
import time

THREADS = 4
PAUSE = 0.01
TIMEOUT = 10.0


def ask(host: str, path: str) -> str:
    """The model that answered; raises what went wrong."""
    connection = http.client.HTTPConnection(host, timeout=TIMEOUT)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise ValueError(f"status {answer.status}: {body[:200]!r}")
        return str(json.loads(body)["model"])
    finally:
        connection.close()


def keep_asking(host: str, path: str, until: float, told: collections.Counter[tuple[str, str]]) -> None:
    """Count the models that answered, and the failures."""
    while time.monotonic() < until:
        try:
            told["model", ask(host, path)] += 1
        except (OSError, ValueError, http.client.HTTPException) as error:
            told["failure", f"{type(error).__name__}: {error}"] += 1
        time.sleep(PAUSE)


def main(host: str, path: str, seconds: float) -> None:
    """Ask for some seconds, then print a line of JSON."""
    counts: list[collections.Counter[tuple[str, str]]] = [collections.Counter() for _ in range(THREADS)]
    until = time.monotonic() + seconds
    asking = [threading.Thread(target=keep_asking, args=(host, path, until, told)) for told in counts]
    print("asking", flush=True)
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    total = sum(counts, collections.Counter())
    kinds = {
        kind: {what: count for (one, what), count in total.items() if one == kind} for kind in ("model", "failure")
    }
    print(json.dumps(kinds))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
