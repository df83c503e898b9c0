"""What all user servers have in common.

Their pods pass Pod Security `restricted`, and hold nothing secret but the token that is theirs.
"""

from __future__ import annotations

from typing import Any

from traitlets.config import Config

from hub.homes import HOME
from hub.settings import Settings

USER = 10001  # as in images/: any number but root's
COMPONENT = "user-server"


def update_servers(c: Config, settings: Settings) -> None:
    """Which spawner makes the pods, where, and of what."""
    servers = settings.servers
    c.JupyterHub.spawner_class = "hub.spawner.StillhouseSpawner"
    c.JupyterHub.allow_named_servers = False
    c.KubeSpawner.namespace = servers.namespace
    c.KubeSpawner.image = servers.image
    c.KubeSpawner.image_pull_policy = "IfNotPresent"
    c.KubeSpawner.image_pull_secrets = list(servers.image_pull_secrets)
    c.KubeSpawner.cmd = ["jupyterhub-singleuser"]
    c.KubeSpawner.pod_name_template = "server-{username}"
    c.KubeSpawner.start_timeout = servers.start_timeout
    c.KubeSpawner.http_timeout = 60
    c.KubeSpawner.apply_user_options = taken_by_kubespawner
    c.KubeSpawner.component_label = COMPONENT
    c.KubeSpawner.common_labels = {
        "app.kubernetes.io/name": "stillhouse",
        "app.kubernetes.io/managed-by": "stillhouse-hub",
        **servers.labels,
    }
    c.KubeSpawner.environment = {"HOME": HOME, "JUPYTER_RUNTIME_DIR": "/tmp/jupyter", **servers.environment}  # noqa: S108


def taken_by_kubespawner(_spawner: Any, _options: Any) -> None:
    """KubeSpawner reads a user's options itself; without this JupyterHub warns at each start that nobody does."""


def update_pod_security(c: Config) -> None:
    """All that `restricted` asks for, and a root file system that nothing can be written to."""
    c.KubeSpawner.uid = USER
    c.KubeSpawner.gid = USER
    c.KubeSpawner.fs_gid = USER
    c.KubeSpawner.automount_service_account_token = False
    c.KubeSpawner.pod_security_context = {
        "runAsNonRoot": True,
        "fsGroupChangePolicy": "OnRootMismatch",  # a large home isn't gone through at each start
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    c.KubeSpawner.container_security_context = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    c.KubeSpawner.extra_pod_config = {"enableServiceLinks": False}
