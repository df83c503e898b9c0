from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from pipelines.serving import access_log
from pipelines.serving.access_log import AccessLog, request_id


def write(log: AccessLog, path: bytes = b"/", query: bytes = b"", times: int = 1) -> None:
    async def add() -> None:
        for _ in range(times):
            log.add(1_790_000_000.25, b"abc", "GET", (path, query), 200, 0.0012345, "hash")
        log.flush()

    asyncio.run(add())


def test_a_line(tmp_path: Path) -> None:
    log = AccessLog(str(tmp_path / "log"))
    write(log, b"/recommend", b"whisky=Oban")
    log.close()
    assert json.loads((tmp_path / "log").read_text()) == {
        "time": "2026-09-21T14:13:20.250000Z",
        "request_id": "abc",
        "method": "GET",
        "path": "/recommend",
        "query": "whisky=Oban",
        "status": 200,
        "duration_ms": 1.234,
        "model": "hash",
    }


HOSTILE = [b"\n{}\n", b"\r\n", b'","status":500,"x":"', b"\x1b[2J", "\u2028\u0085".encode(), b"\xff\x00\x9b", b"\\n"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_line_can_be_forged(tmp_path: Path, hostile: bytes) -> None:
    log = AccessLog(str(tmp_path / "log"))
    write(log, hostile, hostile)
    log.close()
    text = (tmp_path / "log").read_bytes()
    assert text.endswith(b"\n")
    assert len(text.decode().splitlines()) == 1
    assert all(byte == 0x0A or 0x20 <= byte < 0x7F for byte in text)
    assert json.loads(text)["status"] == 200


def test_a_long_path_is_cut(tmp_path: Path) -> None:
    log = AccessLog(str(tmp_path / "log"))
    write(log, b"/" + b"x" * 100_000)
    log.close()
    assert (tmp_path / "log").stat().st_size < 1000


def test_lines_are_written_soon_without_being_asked(tmp_path: Path) -> None:
    async def scenario() -> bytes:
        log = AccessLog(str(tmp_path / "log"))
        log.add(0.0, b"abc", "GET", (b"/", b""), 200, 0.1, "hash")
        assert (tmp_path / "log").read_bytes() == b""
        while not (content := (tmp_path / "log").read_bytes()):
            await asyncio.sleep(access_log.FLUSH_SECONDS / 10)
        log.close()
        return content

    assert asyncio.run(scenario()).count(b"\n") == 1


def test_a_busy_log_is_written_before_the_time(tmp_path: Path) -> None:
    async def scenario() -> int:
        log = AccessLog(str(tmp_path / "log"))
        for _ in range(1000):  # without giving the timer a turn
            log.add(0.0, b"abc", "GET", (b"/", b""), 200, 0.1, "hash")
        written = (tmp_path / "log").read_bytes().count(b"\n")
        log.close()
        return written

    assert 0 < asyncio.run(scenario()) < 1000
    assert (tmp_path / "log").read_bytes().count(b"\n") == 1000


def test_a_rotated_log_goes_on_in_a_new_file(tmp_path: Path) -> None:
    log = AccessLog(str(tmp_path / "log"))
    write(log)
    (tmp_path / "log").rename(tmp_path / "log.1")
    log.reopen()
    write(log, times=2)
    log.close()
    assert [(tmp_path / name).read_bytes().count(b"\n") for name in ("log.1", "log")] == [1, 2]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full, a device that is always full, is not here")
def test_a_full_disk_loses_lines_and_nothing_else() -> None:
    log = AccessLog("/dev/full")
    write(log, times=3)
    assert log.lost == 3
    log.close()


def test_no_log_costs_nothing() -> None:
    log = AccessLog(None)
    log.add(0.0, b"abc", "GET", (b"/", b""), 200, 0.1, "hash")  # no event loop here: a timer would fail
    log.close()


@pytest.mark.parametrize("sent", [b"a", b"0f-A.b_~:=+/@", b"x" * 128])
def test_a_harmless_request_id_is_kept(sent: bytes) -> None:
    assert request_id([(b"host", b"x"), (b"x-request-id", sent)]) == sent


@pytest.mark.parametrize("sent", [b"", b"x" * 129, b"a b", b"a\nb", b'a"b', b"\xff", b"<script>"])
def test_any_other_is_replaced(sent: bytes) -> None:
    made = request_id([(b"x-request-id", sent)])
    assert made != sent
    assert len(made) == 16


def test_new_ids_differ() -> None:
    assert len({request_id([]) for _ in range(1000)}) == 1000
