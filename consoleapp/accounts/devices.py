"""Describe the browser and the machine of a session in familiar words.

The source is the User-Agent header, which the client chooses freely: it helps users recognize their
own sessions, and decides nothing.
"""

from django.utils.translation import gettext as _

_PROGRAMS = (  # the first match wins: others also mention Chrome and Safari
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Chromium (headless)"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python-requests/", "Python"),
)
_MACHINES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """Return the program and the machine ("Firefox on Linux"), or that they are unknown."""
    program, machine = _known(user_agent)
    if program and machine:
        return f"{program} on {machine}"
    return program or machine or "unknown program"


def label(user_agent: str) -> str:
    """Return the same in the reader's language."""
    program, machine = _known(user_agent)
    if program and machine:
        return _("%(program)s on %(machine)s") % {"program": program, "machine": machine}
    return program or machine or _("unknown program")


def _known(user_agent: str) -> tuple[str, str]:
    program = next((name for mark, name in _PROGRAMS if mark in user_agent), "")
    machine = next((name for mark, name in _MACHINES if mark in user_agent), "")
    return program, machine
