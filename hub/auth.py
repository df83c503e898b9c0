"""Who may log in, and how."""

from __future__ import annotations

import re

from traitlets.config import Config

from hub.errors import HubError
from hub.settings import Keys, Settings

SHORTEST_PASSWORD = 8
SHORTEST_ADMIN_PASSWORD = 32


def update_auth(c: Config, settings: Settings, keys: Keys) -> None:
    """One password for everybody, and another one for admins: for a trial only. Raises HubError unless it is one."""
    if not settings.auth.trial:
        raise HubError(
            "auth.trial is false, and one password for everybody is the only way to log in so far. "
            "If that suits a trial among people who trust each other, set the chart's hub.trial to true."
        )
    check_length("password", keys.password, SHORTEST_PASSWORD)
    c.JupyterHub.cookie_secret = cookie_secret(keys.cookie_secret)
    c.JupyterHub.authenticator_class = "shared-password"
    c.SharedPasswordAuthenticator.user_password = keys.password
    c.SharedPasswordAuthenticator.allow_all = True
    if settings.auth.admins:
        check_length("admin-password", keys.admin_password, SHORTEST_ADMIN_PASSWORD)
        if keys.admin_password == keys.password:
            raise HubError("admin-password: it is everybody's password, too. Give admins one of their own.")
        c.SharedPasswordAuthenticator.admin_password = keys.admin_password
        c.SharedPasswordAuthenticator.admin_users = set(settings.auth.admins)


def check_length(name: str, key: str, least: int) -> None:
    """Raises HubError for a password that is too short."""
    if len(key) < least:
        raise HubError(f"{name}: it has {len(key)} characters, and needs {least} or more. Change it in its Secret.")


def cookie_secret(key: str) -> bytes:
    """The secret that cookies are signed with, 32 bytes, from its hexadecimal form."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", key):
        raise HubError("cookie-secret: it must be 64 hexadecimal digits, as `openssl rand -hex 32` makes them.")
    return bytes.fromhex(key)
