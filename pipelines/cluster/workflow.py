"""Compile an analysis at a commit to an Argo Workflow: a pod a step, then the release, and whatever happens the record.

What notebook code can reach is decided here. Main containers mount no account's token and no Secret, but for the
release (its account's token, the registry's Secret) and the record (the git Secret), whose code is the image's. Argo's
own containers hold what they need to fetch and store: the controller names the places, a step only the content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hera.workflows import (
    DAG,
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
    Task,
    Workflow,
)
from hera.workflows import models as argo

from pipelines.analysis import Analysis
from pipelines.cluster.places import (
    DIGEST,
    RECORD,
    RELEASE,
    VERDICT,
    Pod,
    RecordOrder,
    ReleaseOrder,
    StepOrder,
    write,
)
from pipelines.cluster.settings import EXECUTOR_ACCOUNT, RELEASE_ACCOUNT, STEP_ACCOUNT, Settings
from pipelines.errors import StillhouseError
from pipelines.graph import Step

STEPS = "steps"
OUT = "out"
COMMIT = "commit"
RESERVED = (STEPS, COMMIT, RELEASE, RECORD)  # names of ours in the Workflow
ANALYSIS_LABEL = "stillhouse/analysis"
COMMIT_LABEL = "stillhouse/commit"
USER = 10001
DEADLINE = 3600  # seconds for a whole run
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_POD = Pod()


def run_name(analysis: str, commit: str) -> str:
    """The name of the run of an analysis at a commit: there can be one only."""
    return f"{analysis}-{commit[:12]}"


def compile_run(analysis: Analysis, steps: Sequence[Step], commit: str, settings: Settings) -> dict[str, Any]:
    """The Workflow that runs `steps` of `analysis` (a checkout of `commit`), as Kubernetes takes it."""
    orders = [_order(analysis, step, steps) for step in steps]
    _check(orders)
    run = run_name(analysis.name, commit)
    release = _release_order(analysis, orders, run, commit, settings)
    record = RecordOrder(
        analysis=_within(analysis, analysis.folder),
        run=run,
        commit=commit,
        steps=tuple(orders),
        releases=release is not None,
        repository=settings.repository,
        tell=settings.may_push,
    )
    with Workflow(
        name=run,
        namespace=settings.runs,
        labels={ANALYSIS_LABEL: analysis.name, COMMIT_LABEL: commit},
        entrypoint=STEPS,
        on_exit=RECORD,
        synchronization=argo.Synchronization(mutexes=[argo.Mutex(name=analysis.name)]),
        active_deadline_seconds=DEADLINE,
        service_account_name=STEP_ACCOUNT,
        automount_service_account_token=False,
        executor=argo.ExecutorConfig(service_account_name=EXECUTOR_ACCOUNT),
        security_context=argo.PodSecurityContext(
            run_as_non_root=True,
            run_as_user=USER,
            run_as_group=USER,
            fs_group=USER,
            seccomp_profile=argo.SeccompProfile(type="RuntimeDefault"),
        ),
        image_pull_secrets=list(settings.pull_secrets) or None,
        pod_gc=argo.PodGC(strategy="OnWorkflowSuccess", delete_delay_duration="10m"),
    ) as workflow:
        templates = {order.name: _step_pod(order, commit, settings) for order in orders}
        last = _release_pod(release, settings) if release else None
        _record_pod(record, settings)
        with DAG(name=STEPS, fail_fast=False):
            for order in orders:
                _task(order.name, templates[order.name], order.needs)
            if release and last:
                everything = " && ".join(f"{order.name}.Succeeded" for order in orders)
                _task(RELEASE, last, [release.step], everything)
    return dict(workflow.to_dict())


def _within(analysis: Analysis, path: Path) -> str:
    return path.relative_to(analysis.root).as_posix()


def _order(analysis: Analysis, step: Step, steps: Iterable[Step]) -> StepOrder:
    outs = {one.name: tuple(sorted(_within(analysis, out) for out in one.outs)) for one in steps}
    return StepOrder(
        name=step.name,
        analysis=_within(analysis, analysis.folder),
        command=step.command,
        outs=outs[step.name],
        notebook=step.notebook,
        needs={need: outs[need] for need in step.needs},
    )


def _check(orders: Iterable[StepOrder]) -> None:
    """Refuse what Argo would take for something else."""
    for order in orders:
        if not _NAME.fullmatch(order.name) or order.name in RESERVED:
            raise StillhouseError(
                f"dvc.yaml: {order.name!r} is no name for a step on a cluster. Use letters, digits and -, and none of "
                f"{', '.join(RESERVED)}."
            )
        if "{{" in write(order):
            raise StillhouseError(
                f"dvc.yaml, step {order.name}: Argo would put something else for '{{{{'. Put the command in a script."
            )


def _release_order(
    analysis: Analysis, orders: Iterable[StepOrder], run: str, commit: str, settings: Settings
) -> ReleaseOrder | None:
    """How to release the model; None where no step writes one."""
    model = _within(analysis, analysis.model)
    for order in orders:
        if model in order.outs:
            return ReleaseOrder(
                analysis=analysis.name,
                run=run,
                commit=commit,
                step=order.name,
                outs=order.outs,
                model=model,
                base=settings.serving,
                registry=settings.registry,
                insecure=settings.insecure,
                namespace=settings.models,
                pull_secrets=settings.pull_secrets,
            )
    return None


def _step_pod(order: StepOrder, commit: str, settings: Settings) -> Container:
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


def _release_pod(order: ReleaseOrder, settings: Settings) -> Container:
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


def _record_pod(order: RecordOrder, settings: Settings) -> Container:
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


def _task(name: str, template: Container, needs: Iterable[str], depends: str | None = None) -> Task:
    needs = list(needs)
    return Task(
        name=name,
        template=template,
        depends=depends or " && ".join(f"{need}.Succeeded" for need in needs) or None,
        arguments=[
            *(Artifact(name=need, from_=f"{{{{tasks.{need}.outputs.artifacts.{OUT}}}}}") for need in needs),
            *(Parameter(name=need, value=f"{{{{tasks.{need}.outputs.parameters.{DIGEST}}}}}") for need in needs),
        ],
    )
