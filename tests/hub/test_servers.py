"""What all user servers have in common."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from jupyterhub.spawner import Spawner

from hub.servers import update_pod_security, update_servers


def test_servers_run_in_the_users_namespace_from_the_given_image(c, settings):
    servers = replace(settings.servers, image_pull_secrets=("registry",), labels={"app.kubernetes.io/instance": "one"})
    update_servers(c, replace(settings, servers=servers))
    spawner = c.KubeSpawner
    assert spawner.namespace == "users"
    assert spawner.image == settings.servers.image
    assert spawner.image_pull_secrets == ["registry"]
    assert spawner.cmd == ["jupyterhub-singleuser"]
    assert spawner.start_timeout == 120
    assert spawner.common_labels["app.kubernetes.io/instance"] == "one"
    assert c.JupyterHub.spawner_class == "hub.spawner.StillhouseSpawner"
    assert c.JupyterHub.allow_named_servers is False


def test_an_operators_environment_is_added_and_comes_last(c, settings):
    servers = replace(settings.servers, environment={"GIT_URL": "http://git", "JUPYTER_RUNTIME_DIR": "/elsewhere"})
    update_servers(c, replace(settings, servers=servers))
    assert c.KubeSpawner.environment == {
        "HOME": "/home/jovyan",
        "GIT_URL": "http://git",
        "JUPYTER_RUNTIME_DIR": "/elsewhere",
    }


def test_a_users_choice_is_nothing_to_warn_of(c, settings, caplog):
    update_servers(c, settings)
    spawner = Spawner(apply_user_options=c.KubeSpawner.apply_user_options, log=logging.getLogger("spawner"))
    asyncio.run(spawner._run_apply_user_options({"profile": "gpu"}))
    assert caplog.messages == []
    spawner.apply_user_options = None
    asyncio.run(spawner._run_apply_user_options({"profile": "gpu"}))
    assert "unhandled user_options" in caplog.text  # as it would be


def test_pods_are_what_restricted_asks_for(c):
    update_pod_security(c)
    assert c.KubeSpawner.pod_security_context["runAsNonRoot"] is True
    assert c.KubeSpawner.pod_security_context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert c.KubeSpawner.container_security_context == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert c.KubeSpawner.automount_service_account_token is False
    assert min(c.KubeSpawner.uid, c.KubeSpawner.gid, c.KubeSpawner.fs_gid) > 0
