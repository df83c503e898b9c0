"""What a person and a program do at the hub over HTTP: log in, start and stop a server, work in it, use tokens."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

SLOW = 120.0  # seconds that a server may take to start or stop


class HubClient:
    """One user, logged in."""

    def __init__(self, http: httpx.Client, user: str) -> None:
        self.http = http
        self.user = user
        self.address = str(http.base_url).rstrip("/")

    def api(self, method: str, path: str, json: Any = None, token: str | None = None) -> httpx.Response:
        """The hub's REST API, as the logged-in user or with a token instead."""
        if token is not None:
            headers = {"Authorization": f"token {token}"}
            return httpx.request(method, f"{self.address}/hub/api{path}", json=json, headers=headers, timeout=30)
        xsrf = next(one.value for one in self.http.cookies.jar if one.name == "_xsrf" and one.path == "/hub/")
        headers = {"X-XSRFToken": xsrf or "", "Referer": f"{self.address}/hub/home"}
        return self.http.request(method, f"/hub/api{path}", json=json, headers=headers)

    def token(self) -> str:
        """A new API token of this user."""
        answer = self.api("POST", f"/users/{self.user}/tokens", {"note": "test"})
        answer.raise_for_status()
        return str(answer.json()["token"])

    def server(self) -> dict[str, Any] | None:
        """The user's server as the hub knows it; none where none runs."""
        answer = self.api("GET", f"/users/{self.user}")
        answer.raise_for_status()
        server: dict[str, Any] | None = answer.json()["servers"].get("")
        return server

    def ask_for_server(self, profile: str) -> httpx.Response:
        """Ask for a server, and don't wait for it."""
        return self.api("POST", f"/users/{self.user}/server", {"profile": profile})

    def start(self, profile: str) -> float:
        """Start a server and wait until it can be used; the seconds that it took."""
        begun = time.monotonic()
        answer = self.ask_for_server(profile)
        assert answer.status_code in (201, 202), answer.text
        self.until(lambda server: bool(server and server["ready"]), f"{self.user}'s {profile} server")
        return time.monotonic() - begun

    def stop(self) -> None:
        """Stop the server and wait until it is gone."""
        answer = self.api("DELETE", f"/users/{self.user}/server")
        assert answer.status_code in (202, 204), answer.text
        self.until(lambda server: server is None, f"the end of {self.user}'s server")

    def until(self, met: Any, what: str) -> None:
        """Wait until the server meets a condition."""
        until = time.monotonic() + SLOW
        while not met(server := self.server()):
            if time.monotonic() > until:
                raise AssertionError(f"{what} did not come within {SLOW:.0f} s: {server}")
            time.sleep(0.1)

    def contents(self, method: str, path: str, json: Any = None, token: str | None = None) -> httpx.Response:
        """The files of this user's server, with a token."""
        headers = {"Authorization": f"token {token or self.token()}"}
        url = f"{self.address}/user/{self.user}/api/contents/{path}"
        return httpx.request(method, url, json=json, headers=headers, timeout=30)


@contextmanager
def logged_in(address: str, user: str, password: str) -> Iterator[HubClient]:
    """A user who came in by the login page's form, as a browser sends it."""
    with httpx.Client(base_url=address, follow_redirects=True, timeout=30) as http:
        page = http.get("/hub/login")
        found = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
        assert found, f"{page.status_code}: {page.text[:500]}"
        form = {"username": user, "password": password, "_xsrf": found[1]}
        # Where a user without a server is sent next is a page for people; all that counts here is the cookie.
        answer = http.post("/hub/login", data=form, follow_redirects=False)
        assert answer.status_code == 302, f"{answer.status_code}: {user} was not let in"
        http.get("/hub/home")
        yield HubClient(http, user)
