"""Compile an analysis at a commit to an Argo Workflow: a pod a step, then the release; the record in any case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hera.workflows import DAG, Artifact, Container, Parameter, Task, Workflow
from hera.workflows import models as argo

from pipelines.analysis import Analysis
from pipelines.cluster import templates
from pipelines.cluster.places import DIGEST, RECORD, RELEASE, RecordOrder, ReleaseOrder, StepOrder, write
from pipelines.cluster.settings import EXECUTOR_ACCOUNT, STEP_ACCOUNT, Settings
from pipelines.cluster.templates import COMMIT, OUT
from pipelines.errors import StillhouseError
from pipelines.graph import Step

STEPS = "steps"
RESERVED = (STEPS, COMMIT, RELEASE, RECORD)  # names of ours in the Workflow
ANALYSIS_LABEL = "stillhouse/analysis"
COMMIT_LABEL = "stillhouse/commit"
USER = 10001
DEADLINE = 3600  # seconds for a whole run
KEPT = "1h"  # how long its pods can be looked at; logs and notebooks stay in the record
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


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
    with _workflow(run, analysis, commit, settings) as workflow:
        pods = {order.name: templates.step(order, commit, settings) for order in orders}
        last = templates.release(release, settings) if release else None
        templates.record(record, settings)
        with DAG(name=STEPS, fail_fast=False):
            for order in orders:
                _task(order.name, pods[order.name], order.needs)
            if release and last:
                everything = " && ".join(f"{order.name}.Succeeded" for order in orders)
                _task(RELEASE, last, [release.step], everything)
    return dict(workflow.to_dict())


def _workflow(run: str, analysis: Analysis, commit: str, settings: Settings) -> Workflow:
    """What holds for all pods of a run; runs of one analysis wait for each other, so that none overtakes another."""
    return Workflow(
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
        pod_gc=argo.PodGC(strategy="OnWorkflowCompletion", delete_delay_duration=KEPT),
    )


def _within(analysis: Analysis, path: Path) -> str:
    return path.relative_to(analysis.root).as_posix()


def _order(analysis: Analysis, step: Step, steps: Iterable[Step]) -> StepOrder:
    outs = {one.name: tuple(sorted(_within(analysis, out) for out in one.outs)) for one in steps}
    return StepOrder(
        name=step.name,
        analysis=_within(analysis, analysis.folder),
        folder=_within(analysis, step.folder),
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
