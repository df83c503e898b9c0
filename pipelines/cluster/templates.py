"""The pods of a run, as templates of its Workflow.

What notebook code can reach is decided here. Main containers mount no account's token and no Secret, but for the
release (its account's token, the registry's Secret) and the record (the git Secret), whose code is the image's. Argo's
own containers hold what they need to fetch and store: the controller names the places, a step only the content.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hera.workflows import (
    Artifact,
    Container,
    EmptyDirVolume,
    GitArtifact,
    NoneArchiveStrategy,
    Parameter,
    RetryStrategy,
    S3Artifact,
    SecretEnv,
    SecretVolume,
)
from hera.workflows import models as argo

from pipelines.cluster.places import DIGEST, RECORD, RELEASE, VERDICT, Pod, RecordOrder, ReleaseOrder, StepOrder, write
from pipelines.cluster.settings import RELEASE_ACCOUNT, Settings

OUT = "out"
COMMIT = "commit"
_POD = Pod()


def step(order: StepOrder, commit: str, settings: Settings) -> Container:
    """The pod of a step: the commit and what it needs come in, its parcel goes out."""
    return _pod(
        order.name,
        ["execute", write(order), *_digests(order.needs)],
        settings,
        inputs=[_commit(commit, settings), *_needed(order.needs)],
        outputs=[
            _parcel(order.name),
            Parameter(name=DIGEST, value_from=argo.ValueFrom(path=str(_POD.parcel / DIGEST), default="")),
        ],
        resources=settings.resources["step"],
    )


def release(order: ReleaseOrder, settings: Settings) -> Container:
    """The pod of the release, which alone has an account of the cluster."""
    secret = settings.registry_secret
    volumes = [
        SecretVolume(
            name="registry",
            secret_name=secret,
            mount_path="/registry",
            read_only=True,
            items=[argo.KeyToPath(key=".dockerconfigjson", path="config.json")],
        )
    ]
    return _pod(
        RELEASE,
        ["release", write(order), *_digests([order.step])],
        settings,
        inputs=[_commit(order.commit, settings), *_needed([order.step])],
        outputs=[_parcel(RELEASE)],
        resources=settings.resources["release"],
        volumes=volumes if secret else [],
        env=[argo.EnvVar(name="DOCKER_CONFIG", value="/registry")] if secret else [],
        service_account_name=RELEASE_ACCOUNT,
        automount_service_account_token=True,
    )


def record(order: RecordOrder, settings: Settings) -> Container:
    """The pod of the record: whatever there is of the run comes in."""
    parcels = [step.name for step in order.steps] + ([RELEASE] if order.releases else [])
    secret = settings.git_secret if order.tell else ""
    env: list[Any] = [
        argo.EnvVar(name=f"STILLHOUSE_{word.upper()}", value=f"{{{{workflow.{word}}}}}")
        for word in ("status", "failures", "duration", "creationTimestamp")
    ]
    if secret:
        env += [
            SecretEnv(name=f"STILLHOUSE_GIT_{key.upper()}", secret_name=secret, secret_key=key)
            for key in ("username", "password")
        ]
    return _pod(
        RECORD,
        [RECORD, write(order)],
        settings,
        inputs=[
            _commit(order.commit, settings),
            *(S3Artifact(name=name, path=str(_POD.inputs / name), key=_key(name), optional=True) for name in parcels),
        ],
        outputs=[
            S3Artifact(
                name=RECORD,
                path=str(_POD.parcel / RECORD),
                key=f"records/{Path(order.analysis).name}/{order.run}",
                archive=NoneArchiveStrategy(),
            ),
            Parameter(name=VERDICT, value_from=argo.ValueFrom(path=str(_POD.parcel / VERDICT), default="")),
        ],
        resources=settings.resources["record"],
        env=env,
    )


def _pod(name: str, arguments: list[str], settings: Settings, *, volumes: Sequence[Any] = (), **more: Any) -> Container:
    """A template whose main container runs the image's own code: -P keeps Python from importing where it stands."""
    return Container(
        name=name,
        image=settings.pipeline,
        command=["python3", "-P", "-m", "pipelines.cluster"],
        args=arguments,
        working_dir="/",
        security_context=argo.SecurityContext(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=argo.Capabilities(drop=["ALL"]),
        ),
        volumes=[
            EmptyDirVolume(name="scratch", mount_path="/tmp"),  # noqa: S108  # the pod's own
            EmptyDirVolume(name="parcel", mount_path=str(_POD.parcel)),
            *volumes,
        ],
        env=[argo.EnvVar(name="HOME", value="/tmp"), *more.pop("env", [])],  # noqa: S108
        # Errors are the cluster's (a node gone, the storage not there for a moment); a step that fails stays failed.
        retry_strategy=RetryStrategy(limit=2, retry_policy="OnError", backoff=argo.Backoff(duration="2s")),
        resources=argo.ResourceRequirements(**more.pop("resources")),
        **more,
    )


def _commit(commit: str, settings: Settings) -> GitArtifact:
    """The commit, cloned by Argo's executor: the pod's own containers need no way into the repository."""
    secret = settings.git_secret
    return GitArtifact(
        name=COMMIT,
        path=str(_POD.checkout),
        repo=settings.repository,
        revision=commit,
        disable_submodules=True,
        username_secret=argo.SecretKeySelector(name=secret, key="username") if secret else None,
        password_secret=argo.SecretKeySelector(name=secret, key="password") if secret else None,
    )


def _parcel(name: str) -> S3Artifact:
    return S3Artifact(name=OUT, path=str(_POD.parcel), key=_key(name))


def _key(name: str) -> str:
    """Where a parcel lies in the storage: under the run's own id, so that no other run's can be taken for it."""
    return f"runs/{{{{workflow.name}}}}/{{{{workflow.uid}}}}/{name}.tgz"


def _needed(needs: Iterable[str]) -> list[Artifact | Parameter]:
    artifacts = [Artifact(name=need, path=str(_POD.inputs / need)) for need in needs]
    return [*artifacts, *(Parameter(name=need) for need in needs)]


def _digests(needs: Iterable[str]) -> list[str]:
    return [f"{need}={{{{inputs.parameters.{need}}}}}" for need in needs]
