"""People and accounts as in the stories about pages; the words must be compiled."""

import pytest
from django.conf import settings

from tests.web.conftest import as_, host, operator, viewer, web  # noqa: F401

CHINESE = "zh-hans"


@pytest.fixture(autouse=True)
def _compiled() -> None:
    assert CHINESE in dict(settings.LANGUAGES), (
        "No words are compiled. bin/test does it, or: . bin/lib/words.sh; compile_words ."
    )
