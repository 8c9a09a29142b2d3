"""Explain exit codes of containers."""

import signal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_MEANINGS = {
    0: gettext_lazy("exited without an error"),
    1: gettext_lazy("exited with a general error; see its logs"),
    2: gettext_lazy("exited with an error, often an invalid command-line option"),
    125: gettext_lazy("Podman could not run it"),
    126: gettext_lazy("its command could not be executed (permissions, or not an executable)"),
    127: gettext_lazy("its command was not found in the image"),
    130: gettext_lazy("interrupted (SIGINT, as by Ctrl-C)"),
    134: gettext_lazy("aborted (SIGABRT)"),
    137: gettext_lazy(
        "killed (SIGKILL): manually, after a stop timeout, or because memory ran out"
    ),
    139: gettext_lazy("crashed: invalid memory access (SIGSEGV)"),
    143: gettext_lazy("terminated (SIGTERM), for example by a stop"),
    255: gettext_lazy("exited with an error outside the usual codes"),
}


def explain(code: int | None, *, out_of_memory: bool = False) -> str:
    """Return a phrase for an exit code, "" for None."""
    if code is None:
        return ""
    if out_of_memory:
        return _("killed because memory ran out: its own limit or the host's was reached")
    if code in _MEANINGS:
        return str(_MEANINGS[code])
    if 128 < code < 160:
        try:
            name = signal.Signals(code - 128).name
        except ValueError:
            return _("terminated by signal %(number)s") % {"number": code - 128}
        return _("terminated by signal %(number)s (%(name)s)") % {
            "number": code - 128,
            "name": name,
        }
    return _("exited with an error of its own; see its logs")
