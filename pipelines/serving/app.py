"""The ASGI app: finds who answers a request, and sends, counts and logs the answer."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any

from pipelines.serving import openapi, page, protocol, query
from pipelines.serving.access_log import AccessLog, request_id
from pipelines.serving.body import Receive, read_body
from pipelines.serving.metrics import Metrics
from pipelines.serving.problems import Problem, shown
from pipelines.serving.recommender import Recommender
from pipelines.serving.responses import Response, json_response

Message = MutableMapping[str, Any]
Send = Callable[[Message], Any]

_RECOMMEND = "/recommend"
_MOST_TARGET = 8_192  # bytes of path and query
_ANSWERS = 4_096  # answers kept ready by their query; a few spellings of each item for each n
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}


class Request:
    """A request as the handlers see it, with the model it is answered from."""

    __slots__ = ("body", "headers", "query", "served")

    def __init__(self, served: Served, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Take what uvicorn read."""
        self.served = served
        self.query = query
        self.headers = headers
        self.body = body

    def header(self, name: bytes) -> bytes:
        """The first header of this (lower-case) name, or nothing."""
        return next((value for found, value in self.headers if found == name), b"")


Handler = Callable[[Request], Response]


class Route:
    """Who answers at a path, by method; `name` is its label in metrics."""

    def __init__(self, name: str, get: Handler | None = None, post: Handler | None = None) -> None:
        """Answer GET, and HEAD with it, or POST."""
        self.name = name
        self.handlers: dict[str, Handler] = {}
        if get:
            self.handlers.update(GET=get, HEAD=get)
        if post:
            self.handlers["POST"] = post
        self.allow = {"allow": ", ".join([*self.handlers, "OPTIONS"])}


class Served:
    """One model with everything made from it; swapped whole, so no answer mixes two models."""

    def __init__(self, model: Recommender, files: dict[str, page.File]) -> None:
        """Make everything from `model` that can be made beforehand."""
        self.model = model
        self.label = model.version[:12]  # as logs and people call it
        self.answers: dict[bytes, Response] = {}
        self.index = page.index(model, files)
        self.items = json_response(_items(model))
        self.openapi = json_response(openapi.document(model))


class App:
    """The service as an ASGI application."""

    def __init__(self, model: Recommender, log: AccessLog) -> None:
        """Serve `model`, and write to `log`."""
        self.log = log
        self.metrics = Metrics(model)
        self.draining = False
        self._files = page.assets()
        self._served = Served(model, self._files)
        self._routes = self._fixed_routes()
        self._model_routes = {
            "": Route("/v2/models/{model}", self._metadata),
            "/ready": Route("/v2/models/{model}/ready", self._model_ready),
            "/infer": Route("/v2/models/{model}/infer", post=self._infer),
        }

    @property
    def model(self) -> Recommender:
        """The model that new requests are answered from."""
        return self._served.model

    def swap(self, model: Recommender) -> None:
        """Answer new requests from `model`; those under way finish with the one they began with."""
        self._served = Served(model, self._files)
        self.metrics.serve(model)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one HTTP request (ASGI 3)."""
        if scope["type"] != "http":
            return
        started, now = time.perf_counter(), time.time()
        served, method = self._served, scope["method"]
        identity = request_id(scope["headers"])
        name, response = await self._answer(scope, receive, served)
        headers = [*response.headers, (b"x-request-id", identity)]
        if self.draining:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})
        seconds = time.perf_counter() - started
        self.metrics.count(method if method in _METHODS else "other", name, response.status, seconds)
        target = scope.get("raw_path", b""), scope["query_string"]
        self.log.add(now, identity, method, target, response.status, seconds, served.label)

    async def _answer(self, scope: Message, receive: Receive, served: Served) -> tuple[str, Response]:
        """The route's label and the response; whatever happens, there is one."""
        name, path, method = "unmatched", scope["path"], scope["method"]
        if path == _RECOMMEND and (method == "GET" or method == "HEAD"):
            ready = served.answers.get(scope["query_string"])
            if ready:  # where most requests end
                return _RECOMMEND, ready
        try:
            route = self._route(path, scope, served)
            name = route.name
            handler = route.handlers.get(method)
            if handler is None:
                return name, _no_handler(route, method)
            body = await read_body(receive) if method == "POST" else b""
            return name, handler(Request(served, scope["query_string"], scope["headers"], body))
        except Problem as problem:
            plain = path == "/v2" or path.startswith("/v2/")
            return name, problem.protocol_response() if plain else problem.response()
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return name, Problem(500, "The service failed; the failure is in its log.").response()

    def _route(self, path: str, scope: Message, served: Served) -> Route:
        route = self._routes.get(path)
        if len(scope["query_string"]) + len(scope.get("raw_path", b"")) > _MOST_TARGET:
            raise Problem(414, f"The address is longer than {_MOST_TARGET} bytes.")
        if route is not None:
            return route
        if path.startswith("/v2/models/"):
            return self._model_route(path, served.model)
        raise Problem(404, f"There is nothing at {shown(path)}; /openapi.json says what there is.")

    def _model_route(self, path: str, model: Recommender) -> Route:
        name, _, rest = path.removeprefix("/v2/models/").partition("/")
        if name != model.name:
            raise Problem(404, f"There is no model {shown(name)} here; there is {model.name}.")
        if rest.startswith("versions/"):
            version, _, rest = rest.removeprefix("versions/").partition("/")
            if version != model.version:
                raise Problem(404, f"Version {shown(version)} is not served; {model.version} is.")
        route = self._model_routes.get(f"/{rest}" if rest else "")
        if route is None:
            raise Problem(404, f"There is nothing at {shown(path)}; /openapi.json says what there is.")
        return route

    def _fixed_routes(self) -> dict[str, Route]:
        routes = {
            "/": Route("/", lambda request: _file(request, request.served.index)),
            "/favicon.ico": Route("/page", lambda request: _file(request, self._files["/page/icon.svg"])),
            _RECOMMEND: Route(_RECOMMEND, self._recommend),
            "/items": Route("/items", lambda request: request.served.items),
            "/healthz": Route("/healthz", lambda _: json_response({"status": "ok"})),
            "/readyz": Route("/readyz", self._ready),
            "/metrics": Route("/metrics", self._metrics),
            "/openapi.json": Route("/openapi.json", lambda request: request.served.openapi),
            "/v2": Route("/v2", lambda _: json_response(protocol.server())),
            "/v2/health/live": Route("/v2/health/live", lambda _: json_response({"live": True})),
            "/v2/health/ready": Route("/v2/health/ready", self._protocol_ready),
        }
        for path, file in self._files.items():
            routes[path] = Route("/page", lambda request, file=file: _file(request, file))  # type: ignore[misc]
        return routes

    def _recommend(self, request: Request) -> Response:
        answers = request.served.answers
        response = self._recommendation(request.served.model, request.query)
        if len(answers) >= _ANSWERS:
            answers.clear()
        answers[request.query] = response
        return response

    def _recommendation(self, model: Recommender, raw: bytes) -> Response:
        parameters = query.parse(raw, (model.item, "n"))
        name = query.name_in(parameters, model.item)
        n = query.count_in(parameters, model.usual, model.most)
        row = model.names.find(name)
        if row is None:
            self.metrics.unknown_names += 1
            raise _unknown(model, name)
        neighbours = [
            {model.item: model.items[other], "distance": round(distance, 6)}
            for other, distance in model.neighbours.of_item(row, n)
        ]
        return json_response({model.item: model.items[row], "neighbours": neighbours, "model": model.version})

    def _metrics(self, request: Request) -> Response:
        self.metrics.log_lines_lost = self.log.lost
        return self.metrics.response(request.header(b"accept").decode("latin-1"))

    def _ready(self, request: Request) -> Response:
        ready = {"ready": not self.draining, "model": request.served.model.version}
        return json_response(ready, 503 if self.draining else 200)

    def _protocol_ready(self, _: Request) -> Response:
        return json_response({"ready": not self.draining}, 503 if self.draining else 200)

    def _model_ready(self, request: Request) -> Response:
        ready = {"name": request.served.model.name, "ready": not self.draining}
        return json_response(ready, 503 if self.draining else 200)

    def _metadata(self, request: Request) -> Response:
        return json_response(protocol.metadata(request.served.model))

    def _infer(self, request: Request) -> Response:
        content_type = request.header(b"content-type").split(b";")[0].strip().lower()
        if content_type not in (b"", b"application/json"):
            raise Problem(415, "The body must be JSON: send Content-Type: application/json.")
        if request.header(b"inference-header-content-length"):
            raise Problem(400, "The binary tensor extension is not served here; send the data as JSON.")
        return json_response(protocol.infer(request.served.model, request.body))


def _no_handler(route: Route, method: str) -> Response:
    """The answer to OPTIONS; to any other method that nobody handles, raises Problem (405)."""
    if method == "OPTIONS":
        return Response(b"", "text/plain", 204, route.allow)
    allowed = ", ".join(route.handlers)
    raise Problem(405, f"{method} is not answered here; {allowed} is.", route.allow)


def _file(request: Request, file: page.File) -> Response:
    return file.response(request.query, request.header(b"if-none-match"))


def _unknown(model: Recommender, name: str) -> Problem:
    closest = model.names.suggest(name)
    hint = f"Did you mean {closest[0]}?" if closest else f"All {model.plural} are listed at /items."
    return Problem(
        404, f"There is no {model.item} {shown(name)} here. {hint}", parameter=model.item, suggestions=closest
    )


def _items(model: Recommender) -> dict[str, Any]:
    """What the page needs to know of the model, once."""
    also: dict[str, list[str]] = {}
    for alias, item in sorted(model.aliases.items()):
        also.setdefault(item, []).append(alias)
    items = [
        {
            "name": name,
            "description": str(model.descriptions.get(name, "")),
            "also": also.get(name, []),
            "profile": profile,
        }
        for name, profile in zip(model.items, model.profiles.tolist(), strict=True)
    ]
    return {
        "item": model.item,
        "plural": model.plural,
        "title": model.title,
        "features": model.features,
        "range": [model.low, model.high],
        "steps": model.neighbours.steps((0.01, 0.05, 0.15, 0.4)),
        "neighbours": {"usual": model.usual, "most": model.most},
        "items": items,
        "model": model.version,
    }
