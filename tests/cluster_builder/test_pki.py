"""Certificates that Kubernetes takes: each by its authority, for its purpose."""

import json
import subprocess

import pytest

from tests.cluster import layout as at
from tests.cluster import pki


@pytest.fixture
def made(layout):
    assert pki.ensure(layout)
    return layout


def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def test_they_are_made_once(made):
    before = (made.pki / "ca.crt").read_bytes()
    assert not pki.ensure(made)
    assert (made.pki / "ca.crt").read_bytes() == before


def test_a_folder_that_was_left_half_made_is_made_anew(made):
    before = (made.pki / "ca.crt").read_bytes()
    (made.pki / "complete.json").unlink()
    assert pki.ensure(made)
    assert (made.pki / "ca.crt").read_bytes() != before


@pytest.mark.parametrize("name", sorted(pki.CLIENTS))
def test_each_client_has_its_name_and_its_group(made, name):
    assert "OK" in openssl("verify", "-purpose", "sslclient", "-CAfile", made.pki / "ca.crt", made.pki / f"{name}.crt")
    subject = openssl("x509", "-in", made.pki / f"{name}.crt", "-noout", "-subject", "-nameopt", "multiline")
    common, organization = pki.CLIENTS[name]
    assert f"= {common}\n" in subject
    assert (f"= {organization}\n" in subject) == bool(organization)


@pytest.mark.parametrize("address", ["127.0.0.1", at.HOST, at.API_SERVICE])
def test_the_api_server_is_trusted_at_each_of_its_addresses(made, address):
    ca = made.pki / "ca.crt"
    said = openssl("verify", "-purpose", "sslserver", "-verify_ip", address, "-CAfile", ca, made.pki / "apiserver.crt")
    assert "OK" in said


def test_the_front_proxy_has_an_authority_of_its_own(made):
    front, client = made.pki / "front-ca.crt", made.pki / "front-client.crt"
    assert "OK" in openssl("verify", "-CAfile", front, client)
    with pytest.raises(subprocess.CalledProcessError):
        openssl("verify", "-CAfile", made.pki / "ca.crt", client)


def test_keys_and_the_ways_in_are_private(made):
    secret = [*made.pki.glob("*.key"), *made.run.glob("*.kubeconfig")]
    assert len(secret) > 10
    assert [path.name for path in secret if path.stat().st_mode & 0o077] == []


def test_the_administrator_comes_in_from_this_machine_and_holds_all_that_is_needed(made):
    config = json.loads(made.kubeconfig.read_text())
    assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
    assert str(made.cache) not in made.kubeconfig.read_text()
