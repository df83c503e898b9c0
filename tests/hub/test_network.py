"""The hub, its proxy and the servers find each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import HubError
from hub.network import update_network


def test_the_hub_listens_where_the_others_look_for_it(c, settings, keys):
    update_network(c, settings, keys)
    assert c.JupyterHub.hub_bind_url == "http://:8081"
    assert c.JupyterHub.hub_connect_url == "http://hub.stillhouse.svc:8081"


def test_the_proxy_is_one_that_runs_already(c, settings, keys):
    update_network(c, settings, keys)
    assert c.ConfigurableHTTPProxy.should_start is False
    assert c.ConfigurableHTTPProxy.api_url == "http://proxy-api.stillhouse.svc:8001"
    assert c.ConfigurableHTTPProxy.auth_token == keys.proxy_token


def test_servers_and_routes_outlive_the_hub(c, settings, keys):
    update_network(c, settings, keys)
    assert c.JupyterHub.cleanup_servers is False
    assert c.JupyterHub.cleanup_proxy is False


@pytest.mark.parametrize("url", ["hub:8081", "http://hub", "ftp://hub:21", ""])
def test_an_address_that_nobody_can_use_is_refused(c, settings, keys, url):
    settings = replace(settings, network=replace(settings.network, hub_url=url))
    with pytest.raises(HubError, match=r"network\.hubUrl: .* must be like http://"):
        update_network(c, settings, keys)
