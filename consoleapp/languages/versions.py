"""The catalogue of scripts' words by a name that changes with it, so that browsers may keep it."""

from functools import cache
from hashlib import sha256

from django.conf import settings
from django.utils.translation import to_locale


@cache
def version_of(code: str) -> str:
    """`zh-hans.1f2e3d4c5b`: the language, and a digest of its words."""
    compiled = settings.LOCALE_PATHS[0] / to_locale(code) / "LC_MESSAGES/djangojs.mo"
    words = compiled.read_bytes() if compiled.is_file() else b""
    return f"{code}.{sha256(words).hexdigest()[:10]}"
