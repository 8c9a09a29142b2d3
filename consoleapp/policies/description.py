"""Describe a policy in sentences for the users that it applies to."""

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from engine.policy.evaluate import human
from engine.policy.rules import ApprovalPolicy, CpusLimit, MemoryLimit, PidsLimit, Policy

Area = Literal[
    "Images",
    "Host paths",
    "Ports",
    "Limits",
    "Isolation",
    "Account",
    "Terminals",
    "Units",
    "Approval",
]
ICONS: dict[Area, str] = {
    "Images": "stack-2",
    "Host paths": "folder",
    "Ports": "plug-connected",
    "Limits": "gauge",
    "Isolation": "shield-lock",
    "Account": "box",
    "Terminals": "terminal-2",
    "Units": "settings-automation",
    "Approval": "user-check",
}


@dataclass(frozen=True)
class Sentence:
    """One sentence about one subject, and the rule behind it."""

    area: Area
    rule: str
    text: str


def describe(policy: Policy) -> list[Sentence]:
    """Describe what the policy limits, and nothing else."""
    return [
        *_images(policy),
        *_host(policy),
        *_limits(policy),
        *_isolation(policy),
        *_account(policy),
        *_approval(policy),
    ]


def _images(policy: Policy) -> list[Sentence]:
    rules, found = policy.images, []
    if rules.registries is not None:
        text = _only(
            _("Images come only from {}."), rules.registries, _("No registry may be used.")
        )
        found.append(Sentence("Images", "images.registries", text))
    if rules.patterns is not None:
        text = _only(_("Images are called only {}."), rules.patterns, _("No image may be used."))
        found.append(Sentence("Images", "images.patterns", text))
    if rules.by_digest:
        text = _("Images are named by their digest (name@sha256:…).")
        found.append(Sentence("Images", "images.by_digest", text))
    if rules.limited() and not rules.archives:
        text = _("No images out of archives, nor of other accounts.")
        found.append(Sentence("Images", "images.archives", text))
    if not policy.builds:
        found.append(
            Sentence("Images", "builds", _("No images of one's own: no builds, no commits."))
        )
    return found


def _host(policy: Policy) -> list[Sentence]:
    found = []
    if policy.binds is not None:
        text = _only(_("Paths below {} may be mounted."), policy.binds.roots, "")
        if policy.binds.read_only:
            text += " " + _only(_("Read-only: below {}."), policy.binds.read_only, "")
        text = text.strip() or _("No path of the host may be mounted; named volumes may.")
        found.append(Sentence("Host paths", "binds", text))
    if policy.ports is not None:
        text = _only(_("Host ports: only {}."), policy.ports.ranges, _("No given host port."))
        text += " " + _("Or any that Podman chooses.") if policy.ports.random else ""
        found.append(Sentence("Ports", "ports", text))
    return found


def _limits(policy: Policy) -> list[Sentence]:
    found = []
    rules: list[tuple[str, str, MemoryLimit | CpusLimit | PidsLimit]] = [
        ("memory", _("Memory"), policy.memory),
        ("cpus", _("Processors"), policy.cpus),
        ("pids", _("Processes"), policy.pids),
    ]
    for name, word, rule in rules:
        most = rule.most
        amount = human(int(most)) if name == "memory" and most else f"{most:g}" if most else ""
        if rule.required and most:
            text = _("{word}: a limit is needed, at most {amount}.").format(
                word=word, amount=amount
            )
        elif rule.required:
            text = _("{word}: a limit is needed.").format(word=word)
        elif most:
            sentence = _("{word}: a limit, where there is one, is at most {amount}.")
            text = sentence.format(word=word, amount=amount)
        else:
            continue
        found.append(Sentence("Limits", name, text))
    return found


def _isolation(policy: Policy) -> list[Sentence]:
    found = []
    if not policy.privileged:
        found.append(Sentence("Isolation", "privileged", _("No privileged containers.")))
    for rule, allowed, some, none in (
        ("capabilities", policy.capabilities, _("Capabilities to add: only {}."),
         _("No added capabilities.")),
        ("devices", policy.devices, _("Devices: only {}."), _("No devices of the host.")),
        ("namespaces", policy.namespaces, _("Namespaces of the host: only {}."),
         _("No namespaces of the host (network, pid, ipc, user).")),
        ("security_opt", policy.security_opt, _("Security options: only {}."),
         _("No security options.")),
    ):  # fmt: skip
        if allowed is not None:
            found.append(Sentence("Isolation", rule, _only(some, list(allowed), none)))
    return found


def _account(policy: Policy) -> list[Sentence]:
    found = []
    if policy.containers is not None:
        text = _("At most {} containers.").format(policy.containers)
        found.append(Sentence("Account", "containers", text))
    if policy.disk.most:
        text = _("At most {} of the disk.").format(human(policy.disk.most))
        found.append(Sentence("Account", "disk.most", text))
    if policy.disk.warn:
        text = _("A warning from {} of the disk on.").format(human(policy.disk.warn))
        found.append(Sentence("Account", "disk.warn", text))
    if not policy.terminal:
        found.append(Sentence("Terminals", "terminal", _("No terminals.")))
    elif policy.terminal == "recorded":
        found.append(Sentence("Terminals", "terminal", _("Terminals are recorded.")))
    if not policy.raw_quadlets:
        text = _("Unit files keep to the keys that can be judged: no PodmanArgs, no Exec lines.")
        found.append(Sentence("Units", "raw_quadlets", text))
    return found


def _approval(policy: Policy) -> list[Sentence]:
    """Return the same sentences about what needs no approval."""
    approval = policy.approval if isinstance(policy, ApprovalPolicy) else None
    if approval is None:
        return []
    found = [
        Sentence(
            each.area,
            f"approval.{each.rule}",
            _("Without approval: %(said)s") % {"said": each.text},
        )
        for each in describe(approval)
    ]
    if approval.kinds:
        text = _("These always need approval: %(kinds)s.") % {"kinds": ", ".join(approval.kinds)}
        found.append(Sentence("Approval", "approval.kinds", text))
    if approval.approvers:
        names = ", ".join(approval.approvers)
        text = _("Approvers: the members of %(names)s, and administrators.") % {"names": names}
    else:
        text = _("Approvers: the owners of the account, and administrators.")
    return [*found, Sentence("Approval", "approval.approvers", text)]


def _only(some: str, allowed: list[str], none: str) -> str:
    return some.format(", ".join(allowed)) if allowed else none
