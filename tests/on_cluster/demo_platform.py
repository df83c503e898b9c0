"""The platform of the demo: set up by Terraform, looked at as its people and its customers do."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.cluster.errors import ClusterError
from tests.cluster.handle import Cluster
from tests.cluster.reach import Reach
from tests.on_cluster.demo_repository import ROOT, Clone

EXAMPLE = ROOT / "terraform" / "examples" / "local"
HUB, USERS, RUNS, MODELS = "stillhouse", "stillhouse-users", "stillhouse-runs", "stillhouse-models"
ANALYSIS = "whisky"
HELM = str(Path(sys.executable).with_name("helm"))
NOTES = "refs/notes/stillhouse"
RUN = 300.0  # seconds that a run may take on a busy machine; the bar is in the test


@dataclass(frozen=True)
class Platform:
    """helm/stillhouse on a cluster; Terraform's state and the like are in `scratch`."""

    cluster: Cluster
    scratch: Path

    # --- Set up and removed -------------------------------------------------------------------------------------

    def terraform(self, *arguments: str) -> str:
        """What Terraform says."""
        kubeconfig = self.cluster.info.kubeconfig
        variables = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
        variables |= {"KUBECONFIG": kubeconfig, "KUBE_CONFIG_PATH": kubeconfig, "TF_CLI_CONFIG_FILE": os.devnull}
        variables |= {"TF_DATA_DIR": str(self.scratch / "terraform"), "TF_IN_AUTOMATION": "1"}
        return said(["terraform", f"-chdir={EXAMPLE}", *arguments], variables)

    def apply(self) -> str:
        """Everything, by one apply; once it is done there is nothing more to do."""
        state = f"-backend-config=path={self.scratch / 'terraform.tfstate'}"
        self.terraform("init", "-upgrade", state, f"-plugin-dir={self.cluster.info.terraform.mirror}")
        return self.terraform("apply", "-no-color", "-auto-approve")

    def settled(self) -> bool:
        """Whether another apply would change nothing."""
        return "No changes." in self.terraform("plan", "-no-color")

    def destroy(self) -> None:
        """What Terraform made; homes, keys and served models stay, for the charts keep them."""
        for _ in range(3):
            try:
                self.terraform("destroy", "-no-color", "-auto-approve")
                return
            except AssertionError as error:
                # Version 1 of the provider takes what is kept for an error, and names it so; the release is gone.
                if "Error: manifest-" not in str(error):
                    raise

    def clear(self) -> None:
        """All that an earlier demo may have left, whichever way it ended."""
        variables = {**os.environ, "KUBECONFIG": self.cluster.info.kubeconfig}
        for release, namespace in ((ANALYSIS, MODELS), ("stillhouse", HUB), ("namespaces", "default")):
            said([HELM, "uninstall", release, "--namespace", namespace, "--ignore-not-found"], variables)
        gone = [USERS, RUNS, MODELS, HUB]
        self.cluster.kubectl("delete", "namespace", *gone, "--ignore-not-found", "--timeout=180s", seconds=200)
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)

    # --- The hub ------------------------------------------------------------------------------------------------

    def address(self) -> str:
        """Where browsers come in, as this machine reaches it."""
        return self.cluster.url(f"http://stillhouse-proxy.{HUB}.svc").rstrip("/")

    def password(self) -> str:
        """The password that was generated."""
        secret = self.cluster.kubectl.get("secret", "stillhouse-keys", f"--namespace={HUB}")
        return base64.b64decode(secret["data"]["password"]).decode()

    def server_of(self, user: str) -> dict[str, Any]:
        """The pod of a user's server."""
        selector = f"--selector=hub.jupyter.org/username={user}"
        (pod,) = self.cluster.kubectl.get("pods", f"--namespace={USERS}", selector)["items"]
        return dict(pod)

    # --- The repository -----------------------------------------------------------------------------------------

    @property
    def repository(self) -> str:
        """The repository's address inside the cluster, as Terraform gave it to the pipelines."""
        return f"{self.cluster.info.git.url}/demo.git"

    def push(self, clone: Clone) -> None:
        """Push the branch from this machine."""
        git = self.cluster.info.git
        url = self.cluster.url(self.repository).replace("://", f"://{git.user}:{git.password}@")
        clone.git("push", "--quiet", "--force", url, "HEAD:main")

    def pull(self, clone: Clone) -> None:
        """Get what others pushed."""
        clone.git("pull", "--quiet", "--ff-only", self.cluster.url(self.repository), "main")

    def note(self, clone: Clone, commit: str) -> str:
        """What the author is told of a commit; empty while nothing is."""
        url = self.cluster.url(self.repository)
        if not clone.git("ls-remote", url, NOTES):
            return ""
        clone.git("fetch", "--quiet", url, f"+{NOTES}:{NOTES}")
        noted = clone.git("notes", f"--ref={NOTES}", "list")
        return clone.git("notes", f"--ref={NOTES}", "show", commit) if commit in noted else ""

    # --- The service --------------------------------------------------------------------------------------------

    def recommend(self, whisky: str, n: int = 5) -> list[str]:
        """What a customer is recommended now; nothing while nothing serves."""
        path = f"/api/v1/namespaces/{MODELS}/services/{ANALYSIS}:http/proxy/recommend?whisky={quote(whisky)}&n={n}"
        try:
            answer = json.loads(self.cluster.kubectl("get", f"--raw={path}", seconds=10))
        except ClusterError:
            return []
        return [neighbour["whisky"] for neighbour in answer["neighbours"]]

    def about(self) -> str:
        """What the service says of itself and its model; nothing while nothing serves."""
        path = f"/api/v1/namespaces/{MODELS}/services/{ANALYSIS}:http/proxy/items"
        try:
            return self.cluster.kubectl("get", f"--raw={path}", seconds=10)
        except ClusterError:
            return ""

    @contextmanager
    def page(self) -> Iterator[str]:
        """The service's page as this machine reaches it; for a short while, as its pods come and go."""
        with Reach(self.cluster.kubectl) as reach:
            yield reach.url(f"http://{ANALYSIS}.{MODELS}.svc/")

    def released(self) -> dict[str, Any]:
        """Where the model that serves comes from."""
        annotations = self.cluster.kubectl.get("deployment", ANALYSIS, f"--namespace={MODELS}")["metadata"][
            "annotations"
        ]
        return dict(annotations)

    def stillhouse(self, *arguments: str) -> str:
        """What our command says."""
        program = Path(sys.executable).with_name("stillhouse")
        return said([str(program), *arguments], {**os.environ, "KUBECONFIG": self.cluster.info.kubeconfig}, ROOT)


def said(command: list[str], variables: dict[str, str], folder: Path | None = None) -> str:
    """What a program prints; an error is shown with what it said."""
    done = subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def seconds_until(met: Callable[[], Any], what: str, limit: float = RUN) -> float:
    """Wait for something, and say how long it took."""
    begun = time.monotonic()
    while not met():
        took = time.monotonic() - begun
        assert took < limit, f"{what}: not so after {took:.0f} s"
        time.sleep(0.25)
    return time.monotonic() - begun
