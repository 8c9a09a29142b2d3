"""The wait of Quadlets for the host's network-online.target, which some hosts never reach.

From 5.3 on, Podman's generator makes a user's Quadlets wait for it through a helper unit, up to 90
s (podman-systemd.unit(5), "Implicit network dependencies").
"""

from engine.process import programs
from engine.schema.messages import msg

WAITER = "podman-user-wait-network-online.service"
_NOT_TO_WAIT = """
[Quadlet]
# Nothing on this host reaches network-online.target: the start at boot would wait 90 s for it.
DefaultDependencies=false
"""
WHY = msg(
    "At boot its start waits for the host's network-online.target, and nothing on this host "
    "reaches that: it goes on after 90 s. DefaultDependencies=false under [Quadlet] ends the "
    "wait."
)


async def is_reached() -> bool:
    """Return whether the host has reached the target. Any account may query the system manager."""
    done = await programs.run("systemctl", "is-active", "--quiet", "network-online.target")
    return not done.status


async def waits_in_vain(service: str) -> bool:
    """Return whether a generated service would wait for the full 90 s."""
    return WAITER in service and not await is_reached()


def without_wait(text: str) -> str:
    """Return a Quadlet's text that does not wait."""
    before, install, after = text.partition("\n[Install]\n")
    return f"{before.rstrip()}\n{_NOT_TO_WAIT}{install}{after}"
