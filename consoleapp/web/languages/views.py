"""The choice of a language, and the scripts' translations."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import JavaScriptCatalog, set_language

from consoleapp.core.requests import Request
from consoleapp.i18n.choice import offered
from consoleapp.i18n.states import STATES
from consoleapp.i18n.versions import version_of


@require_POST
def choose(request: Request) -> HttpResponse:
    """Set `language` and continue at `next`. Stored in a cookie, and with the signed-in user."""
    code = request.POST.get("language", "")
    if offered(code) and request.user.is_authenticated:
        request.user.language = code
        request.user.save(update_fields=["language"])
    answer: HttpResponse = set_language(request)
    return answer


@require_safe
def words(request: Request, version: str) -> HttpResponseBase:
    """Return gettext() and related functions for scripts, in the language that starts `version`.

    The address contains the language, so browsers may cache it whatever the user chooses later. A
    page of an older console also gets the translations, without caching.
    """
    code = version.rpartition(".")[0]
    if not offered(code):
        raise Http404
    with translation.override(code):
        answer = _Words.as_view(domain="djangojs")(request)
    kept = version == version_of(code)
    patch_cache_control(answer, private=True, **(_FOREVER if kept else {"no_store": True}))
    return answer


_FOREVER = {"max_age": 31_536_000, "immutable": True}


class _Words(JavaScriptCatalog):
    """The translations of scripts, and those for states, which scripts get from the page."""

    def get_catalog(self) -> dict[str, Any]:
        states = {word: translation.gettext(word) for word in STATES}
        catalog: dict[str, Any] = super().get_catalog()
        return {**states, **catalog}
