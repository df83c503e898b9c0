"""Make the keys that nobody gave, once, into a Secret: `python -m hub.keys SECRET KEY…`, run by the chart's hook Job.

What is there stays as it is, so running it again changes nothing; what is missing is added. Only Python's own library
is used: the Job runs before all else, and everyone waits for it.
"""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.errors import HubError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SERVER = "https://kubernetes.default.svc"
PATIENCE = 15.0  # seconds until the rights that were just given, or another Job's writing, must be known
PAUSE = 0.2
MAKERS: dict[str, Callable[[], str]] = {
    "proxy-token": lambda: secrets.token_hex(32),
    "cookie-secret": lambda: secrets.token_hex(32),
    "password": lambda: secrets.token_urlsafe(12),
    "admin-password": lambda: secrets.token_urlsafe(32),
}
LABELS = {"app.kubernetes.io/name": "stillhouse", "app.kubernetes.io/component": "keys"}


@dataclass(frozen=True)
class Answer:
    """What the API server said: a status, and an object or its reason."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class Secrets:
    """The Secrets of one namespace, behind the Kubernetes API."""

    server: str
    namespace: str
    token: str
    tls: ssl.SSLContext | None = None

    def get(self, name: str) -> Answer:
        """Read one."""
        return self.ask("GET", f"/{name}")

    def create(self, name: str, data: dict[str, str]) -> Answer:
        """Make one that isn't there yet."""
        metadata = {"name": name, "labels": LABELS}
        return self.ask("POST", "", {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})

    def add(self, found: dict[str, Any], data: dict[str, str]) -> Answer:
        """Add to one as it was found; refused (409) if it changed since."""
        metadata = {"resourceVersion": found["metadata"]["resourceVersion"]}
        return self.ask("PATCH", f"/{found['metadata']['name']}", {"metadata": metadata, "data": data})

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """One request. Raises HubError when nobody answers."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        request = urllib.request.Request(  # noqa: S310  # SERVER's scheme, or a test's
            f"{self.server}/api/v1/namespaces/{self.namespace}/secrets{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": kind},
        )
        try:
            with urllib.request.urlopen(request, timeout=10, context=self.tls) as response:  # noqa: S310
                return Answer(response.status, json.load(response))
        except urllib.error.HTTPError as error:
            return Answer(error.code, {"message": error.read().decode(errors="replace")[:500]})
        except OSError as error:
            raise HubError(f"The Kubernetes API at {self.server} can't be reached: {error}") from None


def ensure(api: Secrets, name: str, keys: Sequence[str], patience: float = PATIENCE) -> list[str]:
    """See to it that Secret `name` has `keys`; those that were made. Raises HubError when that can't be had."""
    if unknown := [key for key in keys if key not in MAKERS]:
        raise HubError(f"{', '.join(unknown)}: no such key can be made. What can be: {', '.join(MAKERS)}.")
    until = time.monotonic() + patience
    while True:
        made, answer = attempt(api, name, keys)
        if answer.status in (200, 201):
            return made
        if time.monotonic() > until or answer.status not in (401, 403, 409, 429, 500, 503):
            raise HubError(f"Secret {name}: status {answer.status}. {answer.body.get('message', '')}")
        time.sleep(PAUSE)


def attempt(api: Secrets, name: str, keys: Sequence[str]) -> tuple[list[str], Answer]:
    """Look, and make what is missing: the names of that, and the last answer."""
    found = api.get(name)
    if found.status not in (200, 404):
        return [], found
    there = found.body.get("data") or {}
    missing = [key for key in keys if not there.get(key)]
    data = {key: base64.b64encode(MAKERS[key]().encode()).decode() for key in missing}
    if found.status == 404:
        return missing, api.create(name, data)
    return missing, api.add(found.body, data) if missing else found


def here(account: Path = ACCOUNT) -> Secrets:
    """The Secrets of the namespace that this pod is in. Raises HubError outside a pod."""
    try:
        namespace, token = ((account / file).read_text(encoding="utf-8") for file in ("namespace", "token"))
        return Secrets(SERVER, namespace, token, ssl.create_default_context(cafile=str(account / "ca.crt")))
    except OSError as error:
        raise HubError(f"{account}: {error.strerror}. This is for a pod with a service account's token.") from None


def main(arguments: Sequence[str]) -> None:
    """Make what is missing, and say so by name."""
    name, *keys = arguments
    try:
        made = ensure(here(), name, keys)
    except HubError as error:
        sys.exit(str(error))
    print(f"Secret {name}: made {', '.join(made)}." if made else f"Secret {name} has all it needs.")


if __name__ == "__main__":
    main(sys.argv[1:])
