"""The choice of a language, and the words of scripts."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import JavaScriptCatalog, set_language

from consoleapp.i18n.choice import offered
from consoleapp.i18n.states import STATES
from consoleapp.i18n.versions import version_of


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
def words(request: HttpRequest, version: str) -> HttpResponse:
    """gettext() and its kin for scripts, with the words of the language that `version` begins with.

    The language is in the address, so that browsers may keep it however somebody chooses later. A
    page of an older console than this one gets the words as well, and does not keep them.
    """
    code = version.rpartition(".")[0]
    if not offered(code):
        raise Http404
    with translation.override(code):
        answer: HttpResponse = _Words.as_view(domain="djangojs")(request)
    kept = version == version_of(code)
    patch_cache_control(answer, private=True, **(_FOREVER if kept else {"no_store": True}))
    return answer


_FOREVER = {"max_age": 31_536_000, "immutable": True}


class _Words(JavaScriptCatalog):
    """The words of scripts, and those for states, which scripts get from the page."""

    def get_catalog(self) -> dict[str, Any]:
        states = {word: translation.gettext(word) for word in STATES}
        catalog: dict[str, Any] = super().get_catalog()
        return {**states, **catalog}
