"""What a container's exit code tells."""

import signal

from django.utils.translation import gettext as _

_MEANINGS = {
    0: "ended by itself, without an error",
    1: "ended with a general error; its logs may say which",
    2: "ended with an error, often a wrong option on its command line",
    125: "Podman itself could not run it",
    126: "its command was found, but could not be executed (permissions, or no executable)",
    127: "its command was not found in the image",
    130: "interrupted (SIGINT, as by Ctrl-C)",
    134: "aborted itself (SIGABRT)",
    137: "killed (SIGKILL): by hand, after a stop that took too long, or for want of memory",
    139: "crashed: it touched memory that is not its own (SIGSEGV)",
    143: "asked to end (SIGTERM), as by a stop",
    255: "ended with an error beyond the usual codes",
}


def explain(code: int | None, *, out_of_memory: bool = False) -> str:
    """A phrase for an exit code, "" for None."""
    if code is None:
        return ""
    if out_of_memory:
        return _("killed for want of memory: its limit was reached, or that of the host")
    if code in _MEANINGS:
        return _MEANINGS[code]
    if 128 < code < 160:
        try:
            return f"ended by signal {code - 128} ({signal.Signals(code - 128).name})"
        except ValueError:
            return f"ended by signal {code - 128}"
    return "ended with an error of its own; its logs may say which"
