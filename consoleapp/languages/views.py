"""The choice of a language, and the words of scripts."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import JavaScriptCatalog, set_language

from consoleapp.languages.chosen import offered
from consoleapp.languages.versions import version_of


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Takes `language` and `next`; kept in a cookie, and with the person who is signed in."""
    code = request.POST.get("language", "")
    if offered(code) and request.user.is_authenticated:
        request.user.language = code
        request.user.save(update_fields=["language"])
    answer: HttpResponse = set_language(request)
    return answer


@require_safe
@cache_control(private=True, max_age=31_536_000, immutable=True)
def words(request: HttpRequest, version: str) -> HttpResponse:
    """gettext() and its kin for scripts, with the words of the language that `version` begins with.

    The language is in the address, so that browsers may keep it however somebody chooses later.
    """
    code = version.rpartition(".")[0]
    if not offered(code) or version != version_of(code):
        raise Http404
    with translation.override(code):
        answer: HttpResponse = JavaScriptCatalog.as_view(domain="djangojs")(request)
        return answer
