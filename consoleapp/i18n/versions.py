"""The catalogue of scripts' words by a name that changes with it, so that browsers may keep it."""

from functools import cache
from hashlib import sha256

from django.conf import settings
from django.utils.translation import to_locale


@cache
def version_of(code: str) -> str:
    """`zh-hans.1f2e3d4c5b`: the language, and a digest of its words."""
    words = sha256()
    for compiled in sorted((settings.LOCALE_PATHS[0] / to_locale(code)).glob("LC_MESSAGES/*.mo")):
        words.update(compiled.read_bytes())
    return f"{code}.{words.hexdigest()[:10]}"
