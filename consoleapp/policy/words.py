"""A policy in sentences, for whoever it holds for."""

from dataclasses import dataclass
from typing import Literal

from engine.policy.judge import human
from engine.policy.rules import AskingPolicy, CpusLimit, MemoryLimit, PidsLimit, Policy

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
class Said:
    """One sentence about one area, and the rule that it comes from."""

    area: Area
    rule: str
    text: str


def describe(policy: Policy) -> list[Said]:
    """What the policy limits; nothing is said of what it leaves alone."""
    return [
        *_images(policy),
        *_host(policy),
        *_limits(policy),
        *_isolation(policy),
        *_account(policy),
        *_approval(policy),
    ]


def _images(policy: Policy) -> list[Said]:
    rules, found = policy.images, []
    if rules.registries is not None:
        text = _only("Images come only from {}.", rules.registries, "No registry may be used.")
        found.append(Said("Images", "images.registries", text))
    if rules.patterns is not None:
        text = _only("Images are called only {}.", rules.patterns, "No image may be used.")
        found.append(Said("Images", "images.patterns", text))
    if rules.by_digest:
        text = "Images are named by their digest (name@sha256:…)."
        found.append(Said("Images", "images.by_digest", text))
    if rules.limited() and not rules.archives:
        text = "No images out of archives, nor of other accounts."
        found.append(Said("Images", "images.archives", text))
    if not policy.builds:
        found.append(Said("Images", "builds", "No images of one's own: no builds, no commits."))
    return found


def _host(policy: Policy) -> list[Said]:
    found = []
    if policy.binds is not None:
        text = _only("Paths below {} may be mounted.", policy.binds.roots, "")
        if policy.binds.read_only:
            text += f" Read-only: below {', '.join(policy.binds.read_only)}."
        text = text.strip() or "No path of the host may be mounted; named volumes may."
        found.append(Said("Host paths", "binds", text))
    if policy.ports is not None:
        text = _only("Host ports: only {}.", policy.ports.ranges, "No given host port.")
        text += " Or any that Podman chooses." if policy.ports.random else ""
        found.append(Said("Ports", "ports", text))
    return found


def _limits(policy: Policy) -> list[Said]:
    found = []
    rules: list[tuple[str, str, MemoryLimit | CpusLimit | PidsLimit]] = [
        ("memory", "Memory", policy.memory),
        ("cpus", "Processors", policy.cpus),
        ("pids", "Processes", policy.pids),
    ]
    for name, word, rule in rules:
        most = rule.most
        amount = human(int(most)) if name == "memory" and most else f"{most:g}" if most else ""
        if rule.required and most:
            text = f"{word}: a limit is needed, at most {amount}."
        elif rule.required:
            text = f"{word}: a limit is needed."
        elif most:
            text = f"{word}: a limit, where there is one, is at most {amount}."
        else:
            continue
        found.append(Said("Limits", name, text))
    return found


def _isolation(policy: Policy) -> list[Said]:
    found = []
    if not policy.privileged:
        found.append(Said("Isolation", "privileged", "No privileged containers."))
    for rule, allowed, some, none in (
        ("capabilities", policy.capabilities, "Capabilities to add: only {}.",
         "No added capabilities."),
        ("devices", policy.devices, "Devices: only {}.", "No devices of the host."),
        ("namespaces", policy.namespaces, "Namespaces of the host: only {}.",
         "No namespaces of the host (network, pid, ipc, user)."),
        ("security_opt", policy.security_opt, "Security options: only {}.",
         "No security options."),
    ):  # fmt: skip
        if allowed is not None:
            found.append(Said("Isolation", rule, _only(some, list(allowed), none)))
    return found


def _account(policy: Policy) -> list[Said]:
    found = []
    if policy.containers is not None:
        text = f"At most {policy.containers} containers."
        found.append(Said("Account", "containers", text))
    if policy.disk.most:
        text = f"At most {human(policy.disk.most)} of the disk."
        found.append(Said("Account", "disk.most", text))
    if policy.disk.warn:
        text = f"A warning from {human(policy.disk.warn)} of the disk on."
        found.append(Said("Account", "disk.warn", text))
    if not policy.terminal:
        found.append(Said("Terminals", "terminal", "No terminals."))
    if not policy.raw_quadlets:
        text = "Unit files keep to the keys that can be judged: no PodmanArgs, no Exec lines."
        found.append(Said("Units", "raw_quadlets", text))
    return found


def _approval(policy: Policy) -> list[Said]:
    """The same sentences, of what goes without asking anybody."""
    approval = policy.approval if isinstance(policy, AskingPolicy) else None
    if approval is None:
        return []
    found = [
        Said(each.area, f"approval.{each.rule}", f"Without approval: {each.text}")
        for each in describe(approval)
    ]
    if approval.kinds:
        text = f"These always need approval: {', '.join(approval.kinds)}."
        found.append(Said("Approval", "approval.kinds", text))
    if approval.approvers:
        text = f"Approvers: the members of {', '.join(approval.approvers)}, and administrators."
    else:
        text = "Approvers: the owners of the account, and administrators."
    return [*found, Said("Approval", "approval.approvers", text)]


def _only(some: str, allowed: list[str], none: str) -> str:
    return some.format(", ".join(allowed)) if allowed else none
