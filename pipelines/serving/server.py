"""The server process: starts, takes up a new model on SIGHUP, and goes down on SIGTERM without dropping a request."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from pipelines.artifact import ArtifactError
from pipelines.serving import recommender
from pipelines.serving.access_log import AccessLog
from pipelines.serving.app import App

_LINGER = 1.0  # seconds that a connection just made is given to send its request
_IN_FLIGHT = 15  # seconds that requests under way are given; longer than a slow body may take
_SO_ATTACH_FILTER = 26


class StartError(Exception):
    """The service can't start; the message says why and what to do."""


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    model: Path
    host: str = "127.0.0.1"
    port: int = 8080
    ready_file: Path | None = None
    access_log: str | None = None
    drain: float = 0.5


def serve(options: Options) -> None:
    """Serve until a signal ends it; raises StartError where it can't begin."""
    try:
        model = recommender.load(options.model)
    except ArtifactError as error:
        raise StartError(str(error)) from None
    try:
        log = AccessLog(options.access_log)
    except OSError as error:
        raise StartError(f"the access log {options.access_log} can't be opened: {error.strerror}.") from None
    listener = _bind(options.host, options.port)
    app = App(model, log)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # malformed requests would fill standard error otherwise; failures are reported here
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_IN_FLIGHT,
    )
    try:
        Server(config, app, options, listener).run(sockets=[listener])
    finally:
        log.close()


class Server(uvicorn.Server):
    """uvicorn's server with our signals, the ready file and a gentler end."""

    def __init__(self, config: uvicorn.Config, app: App, options: Options, listener: socket.socket) -> None:
        """Serve `app` on `listener`."""
        super().__init__(config)
        self._app, self._options, self._listener = app, options, listener
        self._reloading = asyncio.Lock()
        self._reloads: set[asyncio.Task[None]] = set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave uvicorn's handlers out: they end the process by the signal, and we end with 0."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, take the signals, and say so."""
        await super().startup(sockets)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        loop.add_signal_handler(signal.SIGINT, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        gc.collect()
        gc.freeze()  # what start-up made stays; the collector need not walk it again
        gc.set_threshold(5_000, 20, 20)  # requests leave little behind; looking after every 700 objects costs more
        self._announce()
        _say(f"serving {self._app.model.name} {self._app.model.version[:12]} on {_url(self._listener)}")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End without dropping a request.

        First requests go on being answered for `drain` seconds, each answer closing its connection and /readyz
        saying no, while load balancers take note. Then new connections are turned away, those already made are
        answered, and requests under way finish.
        """
        self._app.draining = True
        await asyncio.sleep(self._options.drain)
        _turn_away(self._listener)
        await asyncio.sleep(0.05)  # for handshakes under way to finish and be accepted
        await self._shut_door()
        for _ in range(20):
            if not self.server_state.connections:
                break
            await asyncio.sleep(_LINGER / 20)
        await super().shutdown(sockets)
        self._app.log.flush()

    async def _shut_door(self) -> None:
        """Stop listening, and answer those whom the kernel had let in by then and who would be reset otherwise."""
        late = _accept_all(self._listener)
        for server in self.servers:
            server.close()
        for connection in late:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        """What uvicorn makes for each connection that it accepts itself."""
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    def _stop(self) -> None:
        self.force_exit = self.should_exit  # asked a second time: don't wait for anybody
        self.should_exit = True
        self._app.draining = True

    def _hang_up(self) -> None:
        task = asyncio.get_running_loop().create_task(self._reload())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def _reload(self) -> None:
        """Take up the model that is in the folder now; keep the present one where that can't be done."""
        async with self._reloading:
            metrics = self._app.metrics
            try:
                model = await asyncio.to_thread(recommender.load, self._options.model)
                self._app.swap(model)
                self._app.log.reopen()
            except Exception as error:  # whatever is wrong with a new model, the present one goes on serving
                metrics.reloads["failed"] += 1
                _say(f"reload failed, {self._app.model.version[:12]} goes on serving: {error}")
                return
            metrics.reloads["succeeded"] += 1
            self._announce()
            _say(f"now serving {model.name} {model.version[:12]}")

    def _announce(self) -> None:
        """Write the ready file: aside, then renamed, so that no reader sees half of it."""
        path = self._options.ready_file
        if path is None:
            return
        content = {"url": _url(self._listener), "pid": os.getpid(), "model": self._app.model.version}
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_text(json.dumps(content) + "\n", encoding="utf-8")
        aside.replace(path)


def _bind(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        if error.errno == 98:
            raise StartError(
                f"port {port} on {host} is in use: stop what listens there, or choose another with --port."
            ) from None
        raise StartError(f"can't listen on {host}:{port}: {error.strerror or error}.") from None


def _turn_away(listener: socket.socket) -> bool:
    """Drop the handshakes of new connections, so that none is made between the last accept and the close.

    A client that is dropped asks again and is then refused, as by a server that is gone; without this, the kernel
    would reset it after it had sent its request. A classic BPF program on the TCP header: drop where SYN is set,
    else pass. Linux only, and a courtesy: where it can't be had (some kernels give it to root only), the window is
    a few microseconds. Returns whether it was had.
    """
    code = [(0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF)]
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in code)
    with contextlib.suppress(OSError), _address_of(program) as address:
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", len(code), address))
        return True
    return False


def _accept_all(listener: socket.socket) -> list[socket.socket]:
    """Every connection that waits to be accepted."""
    listener.setblocking(False)
    accepted = []
    with contextlib.suppress(OSError):
        while True:
            accepted.append(listener.accept()[0])
    return accepted


@contextlib.contextmanager
def _address_of(content: bytes) -> Generator[int, None, None]:
    import ctypes  # needed once in a process's life, at its end

    buffer = ctypes.create_string_buffer(content, len(content))
    yield ctypes.addressof(buffer)


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (read, not bound)
    return f"http://[{local}]:{port}" if ":" in local else f"http://{local}:{port}"


def _say(message: str) -> None:
    print(f"stillhouse: {message}", file=sys.stderr, flush=True)
