"""Runs on a real cluster: from a push to an answer, what stops one, who holds what, and the way back.

One platform for all of it, and few runs: the first push is released; the second changes the service's code, so that
there is something to go back to; the third is stopped by a gate, in which notebook code tries what it can get at.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kr8s.objects import Pod
from pod_security import breaches

from pipelines.files import read_json
from tests.cluster import evidence
from tests.cluster.commands import run, wait_until
from tests.cluster.errors import ClusterError
from tests.cluster.handle import Cluster
from tests.on_cluster import asking, pods, probe
from tests.on_cluster.conftest import ARTIFACTS
from tests.on_cluster.installed import ROOT, Installed, namespaces, namespaces_of

NAME = "pipe"
RUNS, MODELS = namespaces_of(NAME)["runs"], namespaces_of(NAME)["models"]
REPOSITORY = f"{NAME}-{uuid.uuid4().hex[:8]}.git"  # an earlier test's commits would run first
PUSH_TO_ANSWER = 180.0  # seconds
ROLLBACK = 10.0
SLICE = 4  # seconds that one customer asks before he counts
ASKING = 30  # seconds in which the rollback and the old pods' end have to fall
RUN = 420.0  # on a busy machine; the bar is above
NOTES = "refs/notes/stillhouse"
BIN = Path(sys.executable).parent


@dataclass
class Clone:
    """A person's clone of this checkout's commit, pushed to the cluster's git server."""

    cluster: Cluster
    folder: Path

    def git(self, *words: str) -> str:
        """What git says."""
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        return run("git", *identity, *words, cwd=self.folder).strip()

    @property
    def url(self) -> str:
        """The repository, as this machine reaches it."""
        git = self.cluster.info.git
        return self.cluster.url(f"{git.url}/{REPOSITORY}").replace("://", f"://{git.user}:{git.password}@")

    def push(self, message: str | None = None) -> str:
        """Commit what was changed, push it, and return the commit."""
        if message:
            self.git("commit", "--quiet", "--all", "-m", message)
        self.git("push", "--quiet", "--force", self.url, "HEAD:main")
        return self.git("rev-parse", "HEAD")

    def told(self, commit: str) -> str:
        """What is noted on a commit; empty while nothing is."""
        try:
            if not self.git("ls-remote", self.url, NOTES):
                return ""
            self.git("fetch", "--quiet", "--force", self.url, f"{NOTES}:{NOTES}")
        except ClusterError:  # the way in was cut for a moment; it is asked again
            return ""
        noted = self.git("notes", f"--ref={NOTES}", "list")
        return self.git("notes", f"--ref={NOTES}", "show", commit) if commit in noted else ""

    def stillhouse(self, *words: str) -> str:
        """What our command says here, with the commit's own code."""
        more = {"KUBECONFIG": self.cluster.info.kubeconfig, "PYTHONPATH": str(self.folder)}
        return run(BIN / "stillhouse", *words, cwd=self.folder, env=more, seconds=RUN)


@pytest.fixture(scope="module")
def images(cluster: Cluster) -> dict[str, str]:
    made = read_json(ROOT / ".stillhouse" / "images.json")
    if made is None:
        pytest.skip("no images were pushed to this cluster: make images")
    own = {name: made[name] for name in ("hub", "proxy", "singleuser", "pipeline", "serving")}
    return {**own, "workflowController": cluster.info.argo.controller, "argoExecutor": cluster.info.argo.executor}


@pytest.fixture(scope="module")
def platform(cluster: Cluster, images: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Installed]:
    """helm/stillhouse with pipelines, in namespaces of its own."""
    info, failed = cluster.info, request.session.testsfailed
    values = {
        "images": images,
        "namespaces": {part: name for part, name in namespaces_of(NAME).items() if part != "hub"},
        "hub": {"trial": True},
        "pipelines": {
            "repository": {
                "url": f"{info.git.url}/{REPOSITORY}",
                "username": info.git.user,
                "password": info.git.password,
            },
            "s3": {
                "endpoint": info.s3.endpoint,
                "bucket": info.s3.bucket,
                "accessKey": info.s3.access_key,
                "secretKey": info.s3.secret_key,
            },
            "registry": {"repository": f"{info.registry.pull}/{NAME}/models", "insecure": True},
        },
    }
    installed = Installed(cluster, NAME, values)
    with namespaces(cluster, NAME):
        installed.install()
        for part in ("watcher", "workflow-controller"):
            cluster.kubectl("rollout", "status", f"deployment/{NAME}-{part}", f"--namespace={NAME}", "--timeout=180s")
        yield installed
        if request.session.testsfailed > failed:
            for namespace in (NAME, RUNS, MODELS):
                evidence.keep(cluster.kubectl, namespace, evidence.folder_of(ARTIFACTS, namespace))
        installed.helm("uninstall", NAME, "--namespace", NAME, "--wait", "--timeout", "2m")


@pytest.fixture(scope="module")
def clone(cluster: Cluster, platform: Installed, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    folder = tmp_path_factory.mktemp("theirs") / "clone"
    run("git", "clone", "--quiet", "--no-hardlinks", ROOT, folder)
    return Clone(cluster, folder)


@dataclass
class Pushed:
    """A commit whose run has ended: what the author was told, and the seconds from the push until it served."""

    commit: str
    told: str
    seconds: float
    image: str


def deployed(cluster: Cluster) -> dict[str, Any]:
    """The Deployment of the model; empty while there is none."""
    found = cluster.kubectl.get("deployments", f"--namespace={MODELS}")["items"]
    return dict(found[0]) if found else {}


def image_of(deployment: dict[str, Any]) -> str:
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"]) if deployment else ""


def serves(cluster: Cluster, commit: str) -> bool:
    """Whether the release of a commit has taken over."""
    found = deployed(cluster)
    status = found.get("status", {})
    return bool(
        found
        and found["metadata"]["annotations"]["stillhouse/commit"] == commit
        and status.get("observedGeneration") == found["metadata"]["generation"]
        and status.get("updatedReplicas") == status.get("availableReplicas") == status.get("replicas")
    )


def push_and_wait(clone: Clone, message: str | None = None) -> Pushed:
    """Push; wait until the new release serves, then until the author is told."""
    cluster, begun = clone.cluster, time.monotonic()
    commit = clone.push(message)
    wait_until(
        f"a release of {commit[:12]}",
        RUN,
        lambda: serves(cluster, commit) or "failed" in clone.told(commit),
        pause=1,
    )
    seconds = time.monotonic() - begun
    wait_until(f"a note on {commit[:12]}", 120, lambda: bool(clone.told(commit)), pause=2)
    told = clone.told(commit)
    assert serves(cluster, commit), told
    return Pushed(commit, told, seconds, image_of(deployed(cluster)))


@pytest.fixture(scope="module")
def first(clone: Clone) -> Pushed:
    return push_and_wait(clone)


@pytest.fixture(scope="module")
def second(clone: Clone, first: Pushed, images: dict[str, str]) -> Iterator[tuple[Pushed, Pod]]:
    """A change of the service's code, pushed while customers ask, few enough to leave the machine to the run."""
    code = clone.folder / "pipelines" / "serving" / "__init__.py"
    code.write_text(f"{code.read_text()}\n# Changed for this test.\n")
    one = customer(SLICE, pause=0.1)
    customers = pods.start(
        clone.cluster,
        RUNS,
        pods.manifest(images["pipeline"], f"ask() {{ while :; do {one}; done; }}; ask & sleep {SLICE / 2}; ask"),
    )
    pods.wait(customers, ["Running"])
    yield push_and_wait(clone, "Change the service"), customers
    customers.delete()


def customer(seconds: float, pause: float = asking.PAUSE) -> str:
    """A command that asks the model for some seconds, and prints what came back."""
    code = Path(asking.__file__).read_text(encoding="utf-8").partition("if __name__")[0]
    host, path = f"whisky.{MODELS}.svc", "/recommend?whisky=Laphroaig&n=1"
    return shlex.join(["python3", "-c", f"{code}\nPAUSE = {pause}\nmain({host!r}, {path!r}, {seconds})"])


def answers(customers: Pod) -> tuple[int, dict[str, int]]:
    """How many answers customers got so far, and the failures."""
    slices = [json.loads(line) for line in customers.logs() if line.startswith("{")]
    failures = Counter[str]()
    for one in slices:
        failures.update(one["failure"])
    return sum(sum(one["model"].values()) for one in slices), dict(failures)


# --- From a push to an answer -------------------------------------------------------------------------------------


def test_a_push_becomes_an_answer_in_time(first: Pushed, clone: Clone, cluster: Cluster) -> None:
    print(f"\npush to answer: {first.seconds:.0f} s")
    assert first.told.startswith(f"run whisky-{first.commit[:12]} of commit {first.commit[:12]}: passed in ")
    assert "release 1 serves: model " in first.told
    assert first.seconds <= PUSH_TO_ANSWER


def test_model_and_image_are_those_of_one_machine(first: Pushed, clone: Clone, tmp_path: Path) -> None:
    """The same commit, run and packaged here: the same hash, the same digest."""
    clone.stillhouse("run", "whisky")
    model = clone.folder / "notebooks" / "whisky" / "model"
    version = json.loads((model / "model.json").read_text())["version"]
    assert deployed(clone.cluster)["metadata"]["annotations"]["stillhouse/model"] == version
    told = clone.stillhouse("image", "--model", str(model), "--out", str(tmp_path / "image"))
    digests = re.findall(r"^sha256:[0-9a-f]{64}$", told, re.MULTILINE)
    assert digests == [first.image.partition("@")[2]]


def test_a_commit_runs_once(first: Pushed, clone: Clone, cluster: Cluster) -> None:
    told = clone.stillhouse("submit", "whisky", "--commit", first.commit, "--namespace", NAME)
    assert told == f"run whisky-{first.commit[:12]}: there is one of this commit already\n"
    selector = f"--selector=stillhouse/commit={first.commit}"
    runs = cluster.kubectl.get("workflows", f"--namespace={RUNS}", selector)["items"]
    assert [run["metadata"]["name"] for run in runs] == [f"whisky-{first.commit[:12]}"]


def test_whoever_waits_is_told(first: Pushed, clone: Clone) -> None:
    told = clone.stillhouse("submit", "--wait", "--commit", first.commit, "--namespace", NAME)
    assert "✓ train" in told
    assert told.rstrip().endswith(first.told)


def test_the_model_is_served_by_restricted_pods(first: Pushed, cluster: Cluster) -> None:
    served = cluster.kubectl.get("pods", f"--namespace={MODELS}")["items"]
    assert len(served) == 2
    for pod in served:
        assert breaches(pod["spec"]) == []
        assert not any("token" in volume["name"] for volume in pod["spec"].get("volumes", []))


# --- Who holds what -----------------------------------------------------------------------------------------------


def test_only_argos_own_containers_mount_accounts(first: Pushed, cluster: Cluster) -> None:
    holders: dict[str, set[str]] = {}
    runs = cluster.kubectl.get("pods", f"--namespace={RUNS}", "--selector=workflows.argoproj.io/workflow")["items"]
    assert len(runs) >= 12
    for pod in runs:
        assert breaches(pod["spec"]) == []
        step = json.loads(main_of(pod)["args"][1]).get("name") or main_of(pod)["args"][0]
        secret = {one["name"] for one in pod["spec"]["volumes"] if "secret" in one or "projected" in one}
        held = {mount["name"] for mount in main_of(pod)["volumeMounts"]} & secret
        held |= {one["valueFrom"]["secretKeyRef"]["name"] for one in main_of(pod)["env"] if secret_of(one)}
        holders.setdefault(step, set()).update(held)
    some = {step: held for step, held in holders.items() if held}
    assert set(some) == {"release", "record"}
    assert some["record"] == {"stillhouse-git"}
    assert [name.split("-")[0] for name in some["release"]] == ["kube"]  # its own account's token


def main_of(pod: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in pod["spec"]["containers"] if one["name"] == "main")


def secret_of(variable: dict[str, Any]) -> bool:
    return "secretKeyRef" in variable.get("valueFrom", {})


@pytest.mark.parametrize(
    ("account", "verb", "kind", "namespace", "may"),
    [
        (f"{RUNS}:stillhouse-step", "create", "deployments.apps", MODELS, False),
        (f"{RUNS}:stillhouse-step", "get", "secrets", MODELS, False),
        (f"{RUNS}:stillhouse-step", "get", "secrets", RUNS, False),
        (f"{RUNS}:stillhouse-step", "create", "workflows.argoproj.io", RUNS, False),
        (f"{RUNS}:stillhouse-executor", "create", "workflowtaskresults.argoproj.io", RUNS, True),
        (f"{RUNS}:stillhouse-executor", "get", "secrets", RUNS, False),
        (f"{RUNS}:stillhouse-executor", "create", "pods", RUNS, False),
        (f"{RUNS}:stillhouse-executor", "create", "deployments.apps", MODELS, False),
        (f"{RUNS}:stillhouse-release", "update", "deployments.apps", MODELS, True),
        (f"{RUNS}:stillhouse-release", "create", "pods", MODELS, False),
        (f"{RUNS}:stillhouse-release", "get", "secrets", RUNS, False),
        (f"{RUNS}:stillhouse-release", "get", "secrets", NAME, False),
        (f"{NAME}:{NAME}-watcher", "create", "workflows.argoproj.io", RUNS, True),
        (f"{NAME}:{NAME}-watcher", "delete", "workflows.argoproj.io", RUNS, False),
        (f"{NAME}:{NAME}-watcher", "update", "deployments.apps", MODELS, False),
        (f"{NAME}:{NAME}-workflow-controller", "create", "pods", RUNS, True),
        (f"{NAME}:{NAME}-workflow-controller", "get", "secrets", RUNS, False),
        (f"{NAME}:{NAME}-workflow-controller", "create", "pods", MODELS, False),
    ],
)
def test_each_account_may_do_its_own(
    platform: Installed, cluster: Cluster, account: str, verb: str, kind: str, namespace: str, may: bool
) -> None:
    words = ["auth", "can-i", verb, kind, f"--namespace={namespace}", f"--as=system:serviceaccount:{account}"]
    command = [cluster.info.kubectl, f"--kubeconfig={cluster.info.kubeconfig}", *words]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.stdout.strip() == ("yes" if may else "no"), told.stderr


# --- Another release, and the way back ----------------------------------------------------------------------------


def test_a_change_of_code_is_released_and_no_customer_notices(
    second: tuple[Pushed, Pod], first: Pushed, clone: Clone
) -> None:
    pushed, customers = second
    wait_until("customers that came after the release", 20, lambda: answers(customers)[0] > 100, pause=SLICE)
    told, failures = answers(customers)
    print(f"\npush to answer: {pushed.seconds:.0f} s, {told} answers meanwhile")
    assert failures == {}
    assert pushed.image != first.image
    assert "release 2 serves: model " in pushed.told
    listed = clone.stillhouse("releases", "--cluster", "--namespace", NAME).splitlines()
    assert [line.endswith("current") for line in listed] == [False, True]


def test_a_gate_that_fails_stops_the_release_and_notebook_code_gets_at_nothing(
    second: tuple[Pushed, Pod], clone: Clone, cluster: Cluster
) -> None:
    """A gate runs the probe in its pod, then fails: the old model goes on serving, and the author is told."""
    info = cluster.info
    (clone.folder / "probe.py").write_text(Path(probe.__file__).read_text(encoding="utf-8"))
    definition = clone.folder / "notebooks" / "whisky" / "dvc.yaml"
    words = f"{info.s3.endpoint}/{info.s3.bucket} {info.git.url}/{REPOSITORY}"
    command = f"echo found:; python3 ../../probe.py {words}; exit 1"
    definition.write_text(definition.read_text().replace("cmd: stillhouse gate unit", f'cmd: "{command}"'))
    clone.git("add", "probe.py")
    before = image_of(deployed(cluster))
    commit = clone.push("Have a gate fail")
    wait_until(f"a note on {commit[:12]}", RUN, lambda: bool(clone.told(commit)), pause=2)
    told = clone.told(commit)
    assert told.startswith(f"run whisky-{commit[:12]} of commit {commit[:12]}: failed in ")
    assert "nothing is released; what serves stays as it is" in told
    assert "✗ gate-unit\n    found:\n    nothing\n" in f"{told}\n", told
    assert "· not run: " not in told  # everything that does not need that gate was run, so that all findings are told
    assert image_of(deployed(cluster)) == before


def test_a_rollback_is_quick_and_no_customer_notices(
    second: tuple[Pushed, Pod], first: Pushed, clone: Clone, cluster: Cluster, images: dict[str, str]
) -> None:
    customers = pods.start(cluster, RUNS, pods.manifest(images["pipeline"], customer(ASKING)))
    wait_until("customers that ask", 60, lambda: "asking" in list(customers.logs()) if started(customers) else False)
    begun = time.monotonic()
    told = clone.stillhouse("rollback", "--cluster", "--namespace", NAME)
    seconds = time.monotonic() - begun
    assert told.startswith("release 1 serves: model ")
    assert image_of(deployed(cluster)) == first.image
    pods.wait(customers, ["Succeeded"], 60)
    answered, failures = answers(customers)
    print(f"\nrollback: {seconds:.1f} s, {answered} answers meanwhile")
    assert failures == {}
    assert answered > 1000
    assert seconds <= ROLLBACK


def started(pod: Pod) -> bool:
    pod.refresh()
    return pod.status.get("phase") == "Running"
