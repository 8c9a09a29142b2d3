"""Name the scripts' translations after their content, so that browsers may cache them."""

from functools import cache
from hashlib import sha256

from django.conf import settings
from django.utils.translation import to_locale


@cache
def version_of(code: str) -> str:
    """Return `zh-hans.1f2e3d4c5b`: the language, and a digest of its translations."""
    words = sha256()
    for compiled in sorted((settings.LOCALE_PATHS[0] / to_locale(code)).glob("LC_MESSAGES/*.mo")):
        words.update(compiled.read_bytes())
    return f"{code}.{words.hexdigest()[:10]}"
