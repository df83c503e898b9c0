"""How the hub, its proxy and the user servers find each other."""

from __future__ import annotations

from urllib.parse import urlsplit

from traitlets.config import Config

from hub.errors import HubError
from hub.settings import Keys, Settings


def update_network(c: Config, settings: Settings, keys: Keys) -> None:
    """The hub listens on all addresses; its proxy is a pod of its own, so a hub that restarts interrupts nobody."""
    url = urlsplit(settings.network.hub_url)
    if not (url.scheme == "http" and url.hostname and url.port):
        raise HubError(f"network.hubUrl: {settings.network.hub_url!r} must be like http://hub.stillhouse.svc:8081.")
    c.JupyterHub.hub_bind_url = f"http://:{url.port}"
    c.JupyterHub.hub_connect_url = settings.network.hub_url
    c.JupyterHub.cleanup_servers = False
    c.JupyterHub.cleanup_proxy = False
    c.ConfigurableHTTPProxy.should_start = False
    c.ConfigurableHTTPProxy.api_url = settings.network.proxy_api
    c.ConfigurableHTTPProxy.auth_token = keys.proxy_token
