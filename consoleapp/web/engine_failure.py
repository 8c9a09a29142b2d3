"""What a page says where an engine did not answer, or answered with an error."""

from django.utils.translation import gettext as _

from consoleapp.i18n.sentences import in_language
from consoleapp.live import relay
from engine.schema.errors import EngineError


def failure(error: EngineError | relay.Unanswered) -> dict[str, str]:
    """What a panel that could not be filled says: a message and what to do about it."""
    if isinstance(error, EngineError):
        report = error.report
        return {"message": in_language(report.message), "remedy": in_language(report.remedy)}
    return {
        "message": in_language(str(error)) or _("The engine did not answer in time."),
        "remedy": _("It may be busy or not running; what the page knew before is still shown."),
    }
