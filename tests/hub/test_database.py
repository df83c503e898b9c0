"""The hub's state is a file on a volume."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.database import update_database
from hub.errors import HubError
from hub.settings import Database


def test_the_database_is_where_it_is_said_to_be(c, settings):
    update_database(c, settings)
    assert c.JupyterHub.db_url == "sqlite:////srv/stillhouse/hub.sqlite"
    assert c.JupyterHub.upgrade_db is True


@pytest.mark.parametrize("url", ["sqlite://", "postgresql://hub", "hub.sqlite"])
def test_another_kind_is_refused(c, settings, url):
    with pytest.raises(HubError, match=r"database\.url: .* must be a SQLite file on a volume"):
        update_database(c, replace(settings, database=Database(url)))
