"""Where the hub keeps who has which server."""

from __future__ import annotations

from traitlets.config import Config

from hub.errors import HubError
from hub.settings import Settings


def update_database(c: Config, settings: Settings) -> None:
    """A SQLite file, brought to this JupyterHub's schema at start (the old one is kept beside it)."""
    url = settings.database.url
    if not url.startswith("sqlite:///"):
        raise HubError(
            f"database.url: {url!r} must be a SQLite file on a volume, like sqlite:////srv/stillhouse/hub.sqlite."
        )
    c.JupyterHub.db_url = url
    c.JupyterHub.upgrade_db = True
