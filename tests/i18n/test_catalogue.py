"""Every message in the source has a translation with the same parameters."""

import ast
import gettext
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.schema.messages import joined, msg

ROOT = Path(__file__).resolve().parents[2]

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
    for domain, more in (("django", []), ("djangojs", ["--extension", "js"])):
        command = [sys.executable, "-m", "consoleapp.web.makemessages", "makemessages"]
        words = [
            *command,
            "--all",
            "--no-obsolete",
            "--no-location",
            "--no-wrap",
            "--domain",
            domain,
            *more,
        ]
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


def _calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the product's code, and where it is."""
    for folder in ("engine", "consoleapp"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if file != ROOT / "engine/schema/messages.py":
                for node in ast.walk(ast.parse(file.read_text())):
                    if isinstance(node, ast.Call):
                        yield f"{file.relative_to(ROOT)}:{node.lineno}", node


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def test_every_message_is_in_the_catalogue_with_its_parameters(fresh):
    known = _msgids(fresh / "django.po")
    messages = [(place, call) for place, call in _calls() if _called(call) == "msg"]
    assert len(messages) > 900
    for place, call in messages:
        assert isinstance(call.args[0], ast.Constant), f"{place}: xgettext needs a literal"
        msgid = call.args[0].value
        assert msgid in known, f"{place}: {msgid}"
        names = {keyword.arg for keyword in call.keywords}
        assert set(PLACES.findall(msgid)) == names, f"{place}: {msgid}"


def _msgids(file: Path) -> set[str]:
    """The msgids of a .po file, as gettext reads them."""
    compiled = file.with_suffix(".all.mo")
    # With the English text where there is no translation, so that none is left out.
    with_english = subprocess.run(["msgen", str(file)], capture_output=True, check=True).stdout
    subprocess.run(
        ["msgfmt", "--use-fuzzy", "-o", str(compiled), "-"], input=with_english, check=True
    )
    with compiled.open("rb") as opened:
        keys = gettext.GNUTranslations(opened)._catalog.keys()
    return {key[0] if isinstance(key, tuple) else key for key in keys}


# What readers see of these is only translated if it is a message.
READ = {
    *("EngineError", "EngineFault", "EngineUnreachable", "ErrorReport", "QueryFailed"),
    *("Refused", "Conflict", "NotAllowed", "Progress", "Finding", "Problem", "NotCarriedOver"),
    *("StylePreview", "CheckStep", "StoredSnapshot"),
}
# What no reader sees as a sentence.
OTHER = {"key", "object", "name", "source", "severity", "state", "unit", "type", "option", "style"}

# Command lines, and Podman's own spelling of an error, which has a remedy in a table.
COMMAND = re.compile(r"\d: f?'(systemctl|statfs) ")


def test_no_text_for_readers_is_written_without_a_message():
    bare = []
    for place, call in _calls():
        if place.startswith("consoleapp/api/") or _called(call) not in READ:
            continue
        given = [*call.args, *(each.value for each in call.keywords if each.arg not in OTHER)]
        bare += [f"{place}: {ast.unparse(each)}" for each in given if _is_prose(each)]
    assert [each for each in bare if not COMMAND.search(each)] == []


def _is_prose(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and " " in node.value
    return isinstance(node, ast.JoinedStr) and " " in ast.unparse(node)


def test_a_message_made_of_others_is_still_one():
    parts = [msg("%(a)s is gone.", a="x"), "", msg("Try again.")]
    assert joined(parts) == "x is gone. Try again."
    assert joined(parts).params["text1"].msgid == "%(a)s is gone."
    assert joined(["one", "two"], "; ") == "one; two"
    assert joined([]) == ""
