"""Nobody logs in by the shared password unless it is a trial, and said to be one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from jupyterhub.authenticators.shared import SharedPasswordAuthenticator

from hub.auth import SHORTEST_ADMIN_PASSWORD, SHORTEST_PASSWORD, update_auth
from hub.errors import HubError
from hub.settings import Auth


@pytest.fixture
def with_admin(settings):
    return replace(settings, auth=Auth(trial=True, admins=("ada",)))


def test_without_trial_the_hub_does_not_start(c, settings, keys):
    with pytest.raises(HubError, match=r"auth\.trial is false.*set the chart's hub\.trial to true"):
        update_auth(c, replace(settings, auth=Auth(trial=False)), keys)
    assert "authenticator_class" not in c.JupyterHub


def test_everybody_has_one_password(c, settings, keys):
    update_auth(c, settings, keys)
    assert c.JupyterHub.authenticator_class == "shared-password"
    assert c.SharedPasswordAuthenticator.user_password == "trial password"
    assert c.SharedPasswordAuthenticator.allow_all is True
    assert "admin_password" not in c.SharedPasswordAuthenticator


def test_admins_have_one_of_their_own(c, with_admin, keys):
    update_auth(c, with_admin, keys)
    assert c.SharedPasswordAuthenticator.admin_users == {"ada"}
    assert c.SharedPasswordAuthenticator.admin_password == keys.admin_password


def test_jupyterhub_takes_the_configuration(c, with_admin, keys):
    update_auth(c, with_admin, keys)
    authenticator = SharedPasswordAuthenticator(config=c)
    authenticator.check_allow_config()
    assert authenticator.admin_users == {"ada"}


def test_our_least_lengths_are_jupyterhubs():
    assert SHORTEST_PASSWORD == SharedPasswordAuthenticator._USER_PASSWORD_MIN_LENGTH
    assert SHORTEST_ADMIN_PASSWORD == SharedPasswordAuthenticator._ADMIN_PASSWORD_MIN_LENGTH


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"password": "1234567"}, "password: it has 7 characters, and needs 8 or more"),
        ({"admin_password": "1" * 31}, "admin-password: it has 31 characters, and needs 32 or more"),
        ({"admin_password": "1" * 32, "password": "1" * 32}, "admin-password: it is everybody's password, too"),
        ({"cookie_secret": "secret"}, "cookie-secret: it must be 64 hexadecimal digits"),
    ],
)
def test_keys_that_do_not_do_are_refused(c, with_admin, keys, change, message):
    with pytest.raises(HubError, match=message):
        update_auth(c, with_admin, replace(keys, **change))


def test_cookies_are_signed_with_the_given_secret(c, settings, keys):
    update_auth(c, settings, keys)
    assert c.JupyterHub.cookie_secret.hex() == keys.cookie_secret
