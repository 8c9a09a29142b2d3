"""What a person calls the program and the machine that a browser says it is.

The words come from the User-Agent header, which is free text of whoever sends it: they help people
recognise their own sessions, and decide nothing.
"""

from django.utils.translation import gettext as _

_PROGRAMS = (  # the first that fits: others name Chrome and Safari as well
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
    """Name the program and the machine ("Firefox on Linux"), or say what is not known."""
    program, machine = _known(user_agent)
    if program and machine:
        return f"{program} on {machine}"
    return program or machine or "unknown program"


def told(user_agent: str) -> str:
    """The same in the reader's language."""
    program, machine = _known(user_agent)
    if program and machine:
        return _("%(program)s on %(machine)s") % {"program": program, "machine": machine}
    return program or machine or _("unknown program")


def _known(user_agent: str) -> tuple[str, str]:
    program = next((name for mark, name in _PROGRAMS if mark in user_agent), "")
    machine = next((name for mark, name in _MACHINES if mark in user_agent), "")
    return program, machine
