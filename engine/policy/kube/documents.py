"""The documents of a Kubernetes YAML file: pods, and controllers that create pods."""

from engine.policy import requests as r
from engine.policy.kube.annotations import annotations
from engine.policy.kube.containers import NUMBER
from engine.policy.kube.plain_yaml import Unclear, Value, documents
from engine.policy.kube.pods import NAME, pod
from engine.policy.kube.reader import FIELD, Read, Table, Take, anything, take
from engine.schema.messages import msg


def requests(text: str) -> list[r.Request]:
    """Return the requests of a YAML file's text."""
    read = Read()
    try:
        for document in documents(text):
            _document(read, document)
    except Unclear as error:
        return [r.Raw(description=str(error), field=FIELD)]
    if read.count:
        pods = tuple(read.pods)
        read.requests.append(r.OneMore(count=read.count, pods=pods, field=FIELD))
    return read.requests


def _document(read: Read, document: Value) -> None:
    if document is None:
        return
    kind = document.get("kind") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(kind, str) or kind not in _KINDS:
        read.raw(msg("A document of the kind %(kind)s", kind=kind or "none"))
        return
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not NAME.fullmatch(name):
        read.raw(msg("A %(kind)s without a plain name", kind=kind))
        return
    read.replicas = _replicas(read, document) if kind == "Deployment" else 1
    if kind == "Pod":
        read.pods.append(name)
    elif kind in _WITH_TEMPLATE:
        read.pods += [f"{name}-pod", *(f"{name}-pod-{at}" for at in range(read.replicas))]
    take(read, kind, document, _TOP | _KINDS[kind])


def _replicas(read: Read, document: dict[str, Value]) -> int:
    spec = document.get("spec")
    description = spec.get("replicas") if isinstance(spec, dict) else None
    if description is None:
        return 1
    if (
        not isinstance(description, str)
        or not NUMBER.fullmatch(description)
        or int(description) > 100
    ):
        read.raw("Deployment.spec.replicas")
        return 1
    return max(1, int(description))  # Podman 5 creates one for 0, too


def _template(read: Read, where: str, value: Value) -> None:
    take(read, where, value, {"metadata": _metadata, "spec": pod})


def _metadata(read: Read, where: str, value: Value) -> None:
    take(read, where, value, _METADATA)


_METADATA: Table = {
    "name": anything, "namespace": anything, "labels": anything, "creationTimestamp": anything,
    "annotations": annotations,
}  # fmt: skip
_TOP: dict[str, Take] = {
    "apiVersion": anything, "kind": anything, "metadata": _metadata, "status": anything,
}  # fmt: skip
_WORKLOAD: Table = {
    "template": _template,
    **dict.fromkeys(
        (
            "replicas", "selector", "strategy", "updateStrategy", "minReadySeconds",
            "revisionHistoryLimit", "progressDeadlineSeconds", "backoffLimit",
        ),
        anything,
    ),
}  # fmt: skip


def _workload(read: Read, where: str, value: Value) -> None:
    take(read, where, value, _WORKLOAD)


_WITH_TEMPLATE = ("Deployment", "DaemonSet", "Job")
_KINDS: dict[str, dict[str, Take]] = {
    "Pod": {"spec": pod},
    **{kind: {"spec": _workload} for kind in _WITH_TEMPLATE},
    "PersistentVolumeClaim": {"spec": anything},
    "ConfigMap": {"data": anything, "binaryData": anything, "immutable": anything},
    "Secret": {"data": anything, "stringData": anything, "type": anything, "immutable": anything},
}
"""Per kind of document: its allowed keys, and how each is read."""
