"""Explain that an engine did not answer, or reported an error."""

from django.utils.translation import gettext as _

from consoleapp.i18n.rendering import in_language
from consoleapp.live import relay
from engine.schema.errors import EngineError


def failure(error: EngineError | relay.Unanswered) -> dict[str, str]:
    """Return the message and the remedy for a panel that could not be loaded."""
    if isinstance(error, EngineError):
        report = error.report
        return {"message": in_language(report.message), "remedy": in_language(report.remedy)}
    return {
        "message": in_language(str(error)) or _("The engine did not answer in time."),
        "remedy": _("It may be busy or stopped. The page still shows earlier data."),
    }
