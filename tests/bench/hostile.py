"""Random and hostile requests, as bytes on the wire: no answer may be a 500, and none may be slow.

    .venv/bin/python tests/bench/hostile.py [--count 10000] [--seed N] [--url http://127.0.0.1:8080]

Without --url it starts a service of its own. It prints the statuses and the slowest kinds, asks a plain question
before, between and after, and ends with 1 where a request was answered with 5xx, or not at all though it was whole.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_from_bytes, urlsplit

Chance = random.Random
INFER = "/v2/models/whisky/infer"
PATHS = ["/", "/recommend", "/items", "/healthz", "/readyz", "/metrics", "/openapi.json", "/v2", "/v2/health/live"]
PATHS += ["/v2/health/ready", "/v2/models/whisky", "/v2/models/whisky/ready", INFER, "/page/app.js", "/favicon.ico"]
NAMES = ["Laphroaig", "Glen Garioch", "Isle of Jura", "AnCnoc", "Ardbeg", "Old Pulteney", "Macallan", "Caol Ila"]
VALID = {
    "inputs": [{"name": "whisky", "datatype": "BYTES", "shape": [2], "data": ["Ardbeg", "Oban"]}],
    "parameters": {"n": 3},
    "outputs": [{"name": "neighbours"}, {"name": "distance"}],
    "id": "1",
}
PROFILE = {"inputs": [{"name": "profile", "datatype": "FP64", "shape": [1, 12], "data": [2] * 12}]}
ODD = ["", "\0", "\r\n\r\n", "%", "%00", "../", "<script>", "'; --", "${7*7}", "\u202e", "ﷺ", "\ud7ff", "😀", "e\u0301"]
NUMBERS = [0, -1, 1, 4, 5, 20, 21, 2**31, 2**63, 2**64, 10**400, -(10**400), 0.1, -0.0, 1e308, 5e-324]
SPECIAL = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "01", "1.", "+1", "0x10", "9" * 6000, "tru", "''"]


class Sent(NamedTuple):
    """One request: its kind, its bytes, and whether it is whole, so that there must be an answer."""

    kind: str
    content: bytes
    whole: bool = True


class Outcome(NamedTuple):
    """What came of it: the status (None: closed without an answer) and how long it took."""

    status: int | None
    seconds: float


def text(chance: Chance, longest: int = 60) -> str:
    """Random text from all of Unicode, with the odd bits in it."""
    planes = (0x80, 0x80, 0x250, 0x3000, 0xD800)
    letters = [chr(chance.randrange(chance.choice(planes))) for _ in range(chance.randrange(longest))]
    return "".join([*letters, chance.choice(ODD)] if chance.random() < 0.3 else letters)


def misspelt(chance: Chance) -> str:
    """A name with a few letters changed, swapped, dropped or doubled."""
    letters = list(chance.choice(NAMES))
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(letters))
        letters[at] = chance.choice(["", letters[at] * 2, chr(chance.randrange(97, 123)), letters[at - 1]])
    return "".join(letters)


def build(method: str, target: str | bytes, body: bytes = b"", *headers: bytes) -> bytes:
    """A whole request, after which the connection is to be closed."""
    target = target.encode() if isinstance(target, str) else target
    lines = [method.encode() + b" " + target + b" HTTP/1.1", b"host: x", b"connection: close", *headers]
    if body:
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def post(body: object, *headers: bytes) -> bytes:
    """An inference request with this body."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return build("POST", INFER, content, b"content-type: application/json", *headers)


def random_name(chance: Chance) -> Sent:
    """Any text as a name."""
    return Sent("name", build("GET", f"/recommend?whisky={quote(text(chance))}&n={chance.randrange(1, 21)}"))


def near_name(chance: Chance) -> Sent:
    """A name that is nearly right."""
    return Sent("misspelt name", build("GET", f"/recommend?whisky={quote(misspelt(chance))}"))


def costly_name(chance: Chance) -> Sent:
    """A name that grows when normalised, or shares its letters with many."""
    name = chance.choice(
        ["ﷺ" * 100, "glen" * 25, "\u0300" * 100, "a" * 100, "ßﬃ" * 50, "İ" * 100, misspelt(chance) * 9]
    )
    return Sent("costly name", build("GET", f"/recommend?whisky={quote(name[:100])}"))


def odd_number(chance: Chance) -> Sent:
    """Something for n that is no number, or none that fits."""
    n = chance.choice([*map(str, NUMBERS), *SPECIAL, text(chance)])
    return Sent("odd n", build("GET", f"/recommend?whisky=Oban&n={quote(n)}"))


def raw_query(chance: Chance) -> Sent:
    """Raw bytes for a query."""
    junk = bytes(chance.choice(range(0x21, 0x100)) for _ in range(chance.randrange(80)))
    return Sent("raw query", build("GET", b"/recommend?whisky=" + junk))


def broken_escape(chance: Chance) -> Sent:
    """Percent signs that escape nothing, NUL, and bytes that are not UTF-8."""
    bits = ["%", "%z", "%0", "%00", "%ff", "%c0%80", "%ed%a0%80", "%f8%88%80%80%80", "%25", "%u0041", "a", "%%"]
    query = "".join(chance.choices(bits, k=chance.randrange(1, 8)))
    return Sent("broken escape", build("GET", f"{chance.choice(['/recommend?whisky=', '/', '/v2/models/'])}{query}"))


def parameters(chance: Chance) -> Sent:
    """Parameters twice, unknown, empty, or very many."""
    parts = ["whisky=Oban", "n=3", "n=", "whisky=", "&", "=", "N=3", "whisky[]=Oban", "a" * 50, ";n=3", "whisky"]
    return Sent("parameters", build("GET", "/recommend?" + "&".join(chance.choices(parts, k=chance.randrange(9)))))


def long_target(chance: Chance) -> Sent:
    """An address of up to 200 kB."""
    length = chance.choice([8_000, 8_192, 9_000, 65_536, 200_000])
    return Sent("long address", build("GET", chance.choice(["/", "/recommend?whisky=", "/v2/models/"]) + "a" * length))


def any_path(chance: Chance) -> Sent:
    """A path that leads nowhere, or tries to lead out."""
    bits = [
        "..",
        ".",
        "",
        "%2e%2e",
        "v2",
        "models",
        "whisky",
        "versions",
        "page",
        "etc",
        "%00",
        "infer",
        quote(text(chance, 9)),
    ]
    return Sent("path", build("GET", "/" + "/".join(chance.choices(bits, k=chance.randrange(1, 7)))))


def any_method(chance: Chance) -> Sent:
    """Every method everywhere."""
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PURGE", "M-SEARCH"]
    return Sent("method", build(chance.choice(methods), chance.choice(PATHS), chance.choice([b"", b"{}", b"x" * 99])))


def mutated(chance: Chance) -> Sent:
    """A valid inference request with some of it replaced."""
    body = json.loads(json.dumps(chance.choice([VALID, PROFILE])))
    for _ in range(chance.randrange(1, 4)):
        _mutate(body, chance)
    return Sent("mutated JSON", post(body))


def _mutate(node: object, chance: Chance) -> None:
    while True:
        if not isinstance(node, dict | list) or not node:
            return
        key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
        if isinstance(node[key], dict | list) and chance.random() < 0.7:
            node = node[key]
            continue
        values = [None, True, [], {}, [[]], text(chance), chance.choice(NUMBERS), [chance.choice(NUMBERS)] * 12]
        node[key] = chance.choice(values)
        return


def odd_json(chance: Chance) -> Sent:
    """Numbers that JSON has not, or that are too large for anything."""
    bare = json.dumps(chance.choice([VALID, PROFILE]))
    at = chance.choice([at for at, char in enumerate(bare) if char.isdigit()])
    return Sent("odd JSON", post((bare[:at] + chance.choice(SPECIAL) + bare[at + 1 :]).encode()))


def deep_json(chance: Chance) -> Sent:
    """Brackets in brackets, up to 200,000 deep."""
    depth = chance.choice([10, 1_000, 100_000, 200_000])
    inner = chance.choice([b"[" * depth, b"[" * depth + b"]" * depth, b'{"a":' * depth])
    return Sent("deep JSON", post(chance.choice([inner, b'{"inputs":' + inner, b'{"inputs":[],"parameters":' + inner])))


def junk_body(chance: Chance) -> Sent:
    """Random bytes, or a valid body cut short or with its bytes changed."""
    valid = bytearray(json.dumps(VALID).encode())
    for _ in range(chance.randrange(4)):
        valid[chance.randrange(len(valid))] = chance.randrange(256)
    return Sent(
        "junk body", post(chance.choice([chance.randbytes(99), bytes(valid), bytes(valid[: chance.randrange(1, 150)])]))
    )


def shapes(chance: Chance) -> Sent:
    """Shapes that don't fit the data."""
    shape = [chance.choice([0, 1, -1, 12, 256, 257, 10**6, 2**63, 10**30]) for _ in range(chance.randrange(4))]
    data: object = [2] * chance.choice([0, 1, 12, 13, 3072])
    if chance.random() < 0.4:
        data = [data] * chance.randrange(1, 4)
    return Sent("shapes", post({"inputs": [{**PROFILE["inputs"][0], "shape": shape, "data": data}]}))


def large_body(chance: Chance) -> Sent:
    """A body over the limit."""
    return Sent("large body", post(b"[" + b"1," * chance.choice([499_000, 600_000, 1_500_000]) + b"1]"))


def headers(chance: Chance) -> Sent:
    """Odd headers, long ones, and many."""
    value = quote_from_bytes(chance.randbytes(30)).encode() + chance.choice([b"", b"\xff", b'"', b"{}", b"\x85"])
    names = [b"x-request-id", b"if-none-match", b"accept", b"content-type", b"inference-header-content-length"]
    lines = [name + b": " + value for name in chance.choices(names, k=3)] * chance.choice([1, 1, 20])
    extra = chance.choice([b"x-long: " + b"a" * 20_000, b"expect: 100-continue", b"upgrade: websocket", b"x: y"])
    target = chance.choice(PATHS)
    body = json.dumps(VALID).encode() if target == INFER else b""
    return Sent("headers", build("POST" if body else "GET", target, body, *lines, extra))


def chunked(chance: Chance) -> Sent:
    """A body in chunks, some of them wrong."""
    body = json.dumps(VALID).encode()
    good = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    wrong = chance.choice([good, good, b"zz\r\n", b"-1\r\n\r\n", b"ffffffffffffffffff\r\n", good[:-5]])
    head = f"POST {INFER} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    return Sent("chunks", head.encode() + wrong, whole=wrong == good)


def not_http(chance: Chance) -> Sent:
    """What is hardly HTTP."""
    options = [
        chance.randbytes(200),
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
    ]
    options += [
        b"GET * HTTP/1.1\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
    ]
    options += [
        b"GET /\xc3\xa9 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
    ]
    return Sent("not HTTP", chance.choice(options), whole=False)


def cut_short(chance: Chance) -> Sent:
    """A request that ends before it is whole."""
    whole = post(VALID)
    return Sent("cut short", whole[: chance.randrange(1, len(whole) - 1)], whole=False)


KINDS: list[Callable[[Chance], Sent]] = [
    *[random_name, near_name, costly_name, odd_number, raw_query, broken_escape, parameters, any_path, any_method] * 4,
    *[mutated, odd_json, junk_body, shapes, headers] * 5,
    *[chunked, not_http, cut_short, long_target] * 2,
    *[deep_json, large_body],
]


def hostile(count: int, seed: int) -> Iterator[Sent]:
    """`count` requests, the same for the same seed."""
    chance = Chance(seed)
    for _ in range(count):
        yield chance.choice(KINDS)(chance)


def send(host: str, port: int, content: bytes) -> Outcome:
    """Send `content` over a connection of its own, close our side, and read to the end."""
    started = time.perf_counter()
    received = b""
    with socket.create_connection((host, port), timeout=30) as connection:
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                received += piece
        except (ConnectionResetError, BrokenPipeError):
            pass  # it answered before it had read all, and closed
    seconds = time.perf_counter() - started
    final = received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    status = int(final[9:12]) if final.startswith(b"HTTP/1.1 ") else None
    return Outcome(status, seconds)


def plain_question(host: str, port: int) -> float:
    """The median time of a plain question, in milliseconds."""
    times = [send(host, port, build("GET", "/recommend?whisky=Oban")) for _ in range(51)]
    return sorted(outcome.seconds for outcome in times)[25] * 1000


def run(host: str, port: int, count: int, seed: int) -> int:
    """Send them all and tell what came of it; 1 where there was a failure."""
    statuses: Counter[int | None] = Counter()
    slowest: dict[str, float] = defaultdict(float)
    failures: list[str] = []
    medians = [plain_question(host, port)]
    for at, sent in enumerate(hostile(count, seed), 1):
        outcome = send(host, port, sent.content)
        statuses[outcome.status] += 1
        slowest[sent.kind] = max(slowest[sent.kind], outcome.seconds)
        if (outcome.status is None and sent.whole) or (outcome.status or 0) >= 500:
            failures.append(f"{sent.kind}: {outcome.status} for {sent.content[:200]!r}")
        if at == count // 2:
            medians.append(plain_question(host, port))
    medians.append(plain_question(host, port))
    told = ", ".join(f"{status or 'closed'}: {times}" for status, times in sorted(statuses.items(), key=str))
    print(f"{count} requests, seed {seed}. Statuses: {told}")
    print("Slowest by kind (ms): " + ", ".join(f"{kind} {s * 1000:.1f}" for kind, s in _by_time(slowest)))
    print("A plain question before, between and after (ms): " + ", ".join(f"{ms:.2f}" for ms in medians))
    print("\n".join(["FAILED:", *failures]) if failures else "No 5xx, and every whole request was answered.")
    return 1 if failures else 0


def _by_time(slowest: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(slowest.items(), key=lambda entry: -entry[1])


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--url", help="a running service (default: start one)")
    options = parser.parse_args()
    if options.url:
        parts = urlsplit(options.url)
        return run(parts.hostname or "127.0.0.1", parts.port or 80, options.count, options.seed)
    from peers import service  # beside this script

    with tempfile.TemporaryDirectory() as scratch, service(Path(scratch)) as peer:
        code = run("127.0.0.1", peer.port, options.count, options.seed)
        print(f"Memory of the service afterwards: {peer.memory():.1f} MB")
        return code


if __name__ == "__main__":
    sys.exit(main())
