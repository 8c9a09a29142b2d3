"""Explain exit codes of containers."""

import signal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_MEANINGS = {
    0: gettext_lazy("ended by itself, without an error"),
    1: gettext_lazy("ended with a general error; its logs may say which"),
    2: gettext_lazy("ended with an error, often a wrong option on its command line"),
    125: gettext_lazy("Podman itself could not run it"),
    126: gettext_lazy(
        "its command was found, but could not be executed (permissions, or no executable)"
    ),
    127: gettext_lazy("its command was not found in the image"),
    130: gettext_lazy("interrupted (SIGINT, as by Ctrl-C)"),
    134: gettext_lazy("aborted itself (SIGABRT)"),
    137: gettext_lazy(
        "killed (SIGKILL): by hand, after a stop that took too long, or for want of memory"
    ),
    139: gettext_lazy("crashed: it touched memory that is not its own (SIGSEGV)"),
    143: gettext_lazy("asked to end (SIGTERM), as by a stop"),
    255: gettext_lazy("ended with an error beyond the usual codes"),
}


def explain(code: int | None, *, out_of_memory: bool = False) -> str:
    """Return a phrase for an exit code, "" for None."""
    if code is None:
        return ""
    if out_of_memory:
        return _("killed for want of memory: its limit was reached, or that of the host")
    if code in _MEANINGS:
        return str(_MEANINGS[code])
    if 128 < code < 160:
        try:
            name = signal.Signals(code - 128).name
        except ValueError:
            return _("ended by signal %(number)s") % {"number": code - 128}
        return _("ended by signal %(number)s (%(name)s)") % {"number": code - 128, "name": name}
    return _("ended with an error of its own; its logs may say which")
