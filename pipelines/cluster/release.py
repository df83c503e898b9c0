"""The last step of a run, trusted code: check the model, put it into an image, have helm serve it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pipelines import artifact
from pipelines.cluster import handover, helm, releases
from pipelines.cluster.places import RELEASED, Pod, ReleaseOrder
from pipelines.files import write_json

CHART = "helm/model"
CODE = "pipelines"


def release(order: ReleaseOrder, digests: Mapping[str, str], pod: Pod) -> dict[str, Any]:
    """Release the model that the run handed on, and tell of it in the parcel.

    It runs only after every gate has passed: the Workflow says so. Of the checkout it takes the service's code, as
    files for the image; it imports none of it. Where that very image serves already, nothing is released again.
    """
    from pipelines.image import remote

    handover.refuse_links(pod.checkout, CODE)  # one could lead to this pod's own account, and into an image
    parcel = pod.inputs / order.step
    handover.verify(parcel, order.outs, digests[order.step])
    folder = parcel / handover.OUTS / order.model
    model = artifact.load(folder)
    image = remote.append(
        model=folder, app=pod.checkout, base=order.base, repository=order.registry, insecure=order.insecure
    )
    before = releases.load_all(order.analysis, order.namespace)
    now = releases.current(before)
    told: dict[str, Any] = {"model": model.version, "image": image, "run": order.run, "commit": order.commit}
    if now and now.image == image:
        told |= {"release": now.number, "new": False}
    else:
        told |= {"release": releases.next_number(before), "new": True}
        _serve(order, model.name, told, pod)
    write_json(pod.parcel / RELEASED, told)
    return told


def _serve(order: ReleaseOrder, name: str, told: Mapping[str, Any], pod: Pod) -> None:
    provenance = {
        "release": str(told["release"]),
        "model": told["model"],
        "run": order.run,
        "commit": order.commit,
        "released": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    values = {
        "image": told["image"],
        "name": name,
        "provenance": provenance,
        "imagePullSecrets": list(order.pull_secrets),
    }
    why = f"release {told['release']}: model {told['model'][:12]} of commit {order.commit[:12]}"
    helm.upgrade(order.analysis, pod.image / CHART, order.namespace, values, why)
