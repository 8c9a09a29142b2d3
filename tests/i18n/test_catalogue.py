"""Every message in the source has a translation with the same parameters."""

import gettext
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from consoleapp.i18n.extraction import ROOT, sentences

WORDS = ROOT / "locale/zh_Hans/LC_MESSAGES"
PLACES = re.compile(r"%\((\w+)\)[sd]")
TAGS = re.compile(r"</?[a-z]\w*|\{\w*\}")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Path:
    """Return the catalogs as bin/translations would write them now."""
    tree = tmp_path_factory.mktemp("tree")
    for folder in ("consoleapp", "templates", "static", "engine", "locale"):
        ignored = shutil.ignore_patterns("__pycache__", "*.mo")
        shutil.copytree(ROOT / folder, tree / folder, ignore=ignored)
    found = "\n".join(f"_({json.dumps(text, ensure_ascii=False)})" for text in sentences())
    (tree / "consoleapp/i18n/extracted.py").write_text(found)
    for domain, more in (("django", []), ("djangojs", ["--extension", "js"])):
        command = [sys.executable, "-m", "django", "makemessages", "--all", "--no-obsolete"]
        words = [*command, "--no-location", "--no-wrap", "--domain", domain, *more]
        done = subprocess.run(words, cwd=tree, capture_output=True, text=True, env=_environment())
        assert done.returncode == 0, done.stderr
    return tree / "locale/zh_Hans/LC_MESSAGES"


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": "", "LC_ALL": "C.UTF-8"}


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_nothing_is_left_in_english(fresh, domain):
    for which in ("--untranslated", "--only-fuzzy"):
        words = ["msgattrib", which, "--no-wrap", "--no-obsolete", str(fresh / f"{domain}.po")]
        left = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        missing = re.findall(r'^msgid "(.+)"$', left, re.MULTILINE)
        assert not missing, f"bin/translations lists them; then fill them in: {missing[:20]}"


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_the_catalogue_is_sound(domain):
    words = [
        "msgfmt",
        "--check-format",
        "--check-domain",
        "-o",
        "/dev/null",
        WORDS / f"{domain}.po",
    ]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_translations_have_the_same_values_and_tags(domain):
    with (WORDS / f"{domain}.mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)._catalog
    for key, text in catalogue.items():
        english = key[0] if isinstance(key, tuple) else key
        if not english:
            continue
        assert set(PLACES.findall(text)) == set(PLACES.findall(english)), (english, text)
        assert sorted(TAGS.findall(text)) == sorted(TAGS.findall(english)), (english, text)
        # The text may be in an attribute.
        assert text.count('"') == english.count('"'), (english, text)


def test_sentences_of_the_engine_are_found():
    found = sentences()
    assert found["Pushing to %(destination)s"].startswith("engine/operations/pushes.py:")
    assert "%(file)s was saved." in found
    assert "%(file)s was created." in found
    assert "Pull image" in found
    assert not [text for text in found if "SELECT" in text or text.startswith("--")]
