"""Explain why a unit failed, and what to try."""

import re

from engine.schema.messages import msg
from engine.schema.unit_queries import JournalLine

# systemd sees a container's end by a signal as 128 plus the signal's number.
_SIGNALS = {129: "SIGHUP", 130: "SIGINT", 131: "SIGQUIT", 137: "SIGKILL", 143: "SIGTERM"}
_TABLE: list[tuple[str, str, str]] = [
    (
        r"cannot expose privileged port|bind: permission denied|ip_unprivileged_port_start"
        # pasta's message
        r"|failed to bind port \d+ \(permission denied\)",
        msg("Ordinary accounts may not use ports below 1024."),
        msg(
            "Choose a higher host port, or ask the host's administrator to lower "
            "net.ipv4.ip_unprivileged_port_start."
        ),
    ),
    (
        r"address already in use",
        msg("Another program or container has one of its host ports."),
        msg("Stop the other one, or publish another port."),
    ),
    (
        r"podman-user-wait-network-online|network-online\.target",
        msg("It waited for the host's network-online.target, which was not reached in time."),
        msg(
            "Have the administrator enable a service that waits for the network (such as "
            "systemd-networkd-wait-online), or set DefaultDependencies=false under [Quadlet]."
        ),
    ),
    (
        r"short-name [^\n]{0,300} did not resolve|no such image|image not known|manifest unknown"
        r"|initializing source|pinging container registry",
        msg("Its image could not be found or pulled."),
        msg("Pull the image first, and write its whole name with the registry."),
    ),
    (
        r"container name [^\n]{0,300} is already in use",
        msg("Another container has its name."),
        msg("Remove or rename the other container."),
    ),
    (
        r"no container with name or ID|no such container",
        msg("The container that it starts is gone: a classic unit cannot make it anew."),
        msg("Convert the unit to a Quadlet or to generate --new while the container is there."),
    ),
    (
        r"statfs [^\n]{0,300}no such file or directory",
        msg("A path on the host that it mounts does not exist."),
        msg("Make the path, or use a named volume."),
    ),
    (
        r"controller [^\n]{0,300} is not available",
        msg("The host does not delegate a cgroup controller that a limit needs."),
        msg(
            "Remove the limit, or have the administrator delegate it (Delegate= of user@.service)."
        ),
    ),
]


def failure(
    result: str, service_type: str, lines: list[JournalLine], status: int = 0
) -> tuple[str, str]:
    """Return an explanation and a remedy; ("", "") if the lines are all that is known.

    `status` is the exit status of the service's main process.
    """
    text = "\n".join(line.text for line in lines)
    for pattern, explanation, remedy in _TABLE:
        if re.search(pattern, text, re.I):
            return explanation, remedy
    if result in ("timeout", "protocol") and service_type == "notify":
        return (
            msg(
                "Its service has Type=notify: systemd waited for the word READY=1, which did not "
                "come in time (TimeoutStartSec=)."
            ),
            msg(
                "With Notify=true (--sdnotify=container) the program in the container must send "
                "it itself: remove that line if it does not. For a slow pull or start, raise "
                "TimeoutStartSec= under [Service]."
            ),
        )
    if result == "exit-code" and status in _SIGNALS:
        return (
            msg(
                "Its container ended by %(signals)s (exit status %(status)s). When it was asked "
                "to stop that is nothing bad: its program has no clean end of its own for its "
                "stop signal, and systemd takes the status for a failure.",
                signals=_SIGNALS[status],
                status=status,
            ),
            msg(
                "Add under [Service]: SuccessExitStatus=%(status)s and "
                "RestartForceExitStatus=%(status2)s. If nobody stopped it, see whether its "
                "memory ran out.",
                status=status,
                status2=status,
            ),
        )
    if result == "timeout":
        return msg("It did not start or stop in time."), msg(
            "Raise TimeoutStartSec= under [Service]."
        )
    if result == "start-limit-hit":
        return (
            msg("It failed so often in a short time that systemd tries no more."),
            msg("Mend what its log says, then use “Forget failure” and start it."),
        )
    return "", ""
