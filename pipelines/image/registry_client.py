"""Reach a registry: its name, its TLS, its way to log in, and what to tell when it can't be reached or refuses."""

from __future__ import annotations

import functools
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import oras.auth
import oras.container
import oras.provider
import requests

from pipelines.image.errors import ImageError

_HERE = ("localhost", "127.0.0.1", "[::1]")
_SECONDS = (10, 600)  # to connect; between two pieces of an answer

# oras's own request, without its retries: they would keep a person waiting two minutes to learn of a typing error.
_request_once = oras.provider.Registry.do_request.__wrapped__


class Client(oras.provider.Registry):  # type: ignore[misc]
    """oras's client for one registry."""

    def do_request(self, *arguments: Any, **named: Any) -> requests.Response:
        """One request, with whatever the registry wants for it."""
        response: requests.Response = _request_once(self, *arguments, **named)
        if response.status_code == 401 and getattr(self.auth, "token", None):
            self.auth.token = None  # it was good for reading only: get one for this request
            response = _request_once(self, *arguments, **named)
        return response


def parse(reference: str, tag: str) -> Any:
    """The parts of `reference`; `tag` where it names neither tag nor digest. ImageError where it names no registry."""
    first, slash, rest = reference.partition("/")
    try:
        # oras takes neither localhost nor an IPv6 address for a registry.
        local = first == "localhost" or first.startswith("[")
        container = oras.container.Container(rest if local else reference, registry=first if local else None)
        if not slash or not rest or not (local or "." in first or ":" in first):
            raise ValueError("it names no registry")
    except ValueError:
        raise ImageError(
            f"{reference!r} is no place for an image. Write REGISTRY/NAME[:TAG], e.g. localhost:5000/whisky"
        ) from None
    container.registry = first if local else container.registry
    named = reference.rpartition("/")[2]
    if ":" not in named and "@" not in named:
        container.tag = tag
    return container


@contextmanager
def speaking_to(container: Any, insecure: bool = False) -> Iterator[Client]:
    """A client for the container's registry; whatever goes wrong in between becomes an ImageError.

    Registries on this machine are spoken to without TLS, others only with `insecure`. Credentials are docker's own.
    """
    logging.getLogger("oras").setLevel(logging.CRITICAL)  # what it would log, our errors say
    try:
        yield _connect(container, insecure or _is_here(container))
    except requests.exceptions.RequestException as error:
        raise ImageError(
            f"{container.registry}: the registry can't be reached ({type(error).__name__}). "
            "Is it running, and is the name right?"
        ) from error
    except (ValueError, oras.auth.AuthenticationException) as error:
        raise ImageError(
            f"{container.registry}: the registry refused ({error}). "
            f"Log in with an account that may use {container.api_prefix}: docker login {container.registry}"
        ) from error


def expect(response: requests.Response, problem: str) -> None:
    """Raise where the registry did not do what it was asked for."""
    if response.status_code in (401, 403):
        raise ValueError(f"{response.status_code} {response.reason}")
    if response.status_code not in (200, 201, 202):
        raise ImageError(f"{problem}: {response.status_code} {response.reason} {response.text[:300]}".strip())


def _is_here(container: Any) -> bool:
    return re.sub(r":\d+$", "", container.registry) in _HERE


def _connect(container: Any, insecure: bool) -> Client:
    address = f"{'http' if insecure else 'https'}://{container.registry}/v2/"
    challenge = requests.get(address, timeout=_SECONDS).headers.get("WWW-Authenticate", "")
    backend = "basic" if challenge.lower().startswith("basic") else "token"
    client = Client(hostname=container.registry, insecure=insecure, auth_backend=backend)
    client.session.request = functools.partial(client.session.request, timeout=_SECONDS)
    docker = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
    client.auth.load_configs(container, configs=[str(docker)] if docker.is_file() else None)
    if backend == "basic" and not hasattr(client.auth, "_basic_auth"):
        raise ValueError("it wants a name and a password")
    return client
