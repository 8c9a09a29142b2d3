"""Collected files have the names of this version and the previous one, and no older ones."""

import re
from pathlib import Path

from django.conf import settings as configured
from django.core.files.storage import FileSystemStorage

from consoleapp.web.static_files import Storage


def collect(place: Path, text: str) -> None:
    """Do what collectstatic does: copy each file, then let the storage name it."""
    storage = Storage(location=str(place), base_url="/static/")
    plain = FileSystemStorage(location=place)
    files = {"js/page.js": f"// {text}", "css/same.css": "a{}"}
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content * 100)
    found = list(storage.post_process({name: (plain, name) for name in files}))
    assert not [each for *_, each in found if isinstance(each, Exception)], found


def scripts(place: Path) -> set[str]:
    return {file.name for file in (place / "js").iterdir()}


def test_names_of_the_version_before_stay_and_older_ones_go(tmp_path, settings):
    settings.WHITENOISE_KEEP_ONLY_HASHED_FILES = True
    collect(tmp_path, "first")
    first = scripts(tmp_path)
    assert any(name.endswith(".js.gz") for name in first)
    sheets = {file.name for file in (tmp_path / "css").iterdir()}
    collect(tmp_path, "second")
    second = scripts(tmp_path) - first
    assert second
    assert first < scripts(tmp_path)
    collect(tmp_path, "third")
    assert not scripts(tmp_path) & first
    assert second < scripts(tmp_path)
    assert {file.name for file in (tmp_path / "css").iterdir()} == sheets
    assert (tmp_path / "staticfiles.json").exists()


def test_no_rule_makes_a_browser_style_all_rows_anew_where_one_changed(tmp_path, settings):
    settings.WHITENOISE_KEEP_ONLY_HASHED_FILES = True
    place = configured.BERTH_ASSETS / "@tabler/core/dist/css"
    text = (place / "tabler.min.css").read_text()
    name = "vendor/@tabler/core/dist/css/tabler.min.css"
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(text)
    storage = Storage(location=str(tmp_path), base_url="/static/")
    plain = FileSystemStorage(location=place)
    list(storage.post_process({name: (plain, "tabler.min.css")}))
    collected = (tmp_path / storage.hashed_files[name]).read_text()
    own = [sheet.read_text() for sheet in (configured.BASE_DIR / "static/css").glob("*.css")]
    any_sibling = re.compile(r"[~+]\s*(?:\*|:not\([^()]*\))\s*[,{]")
    assert any_sibling.search(text)
    for sheet in (collected, *own):
        assert not any_sibling.search(sheet)
    assert "fieldset>:not(legend){clear:left}" in collected
    assert collected.count("{") == text.count("{") - text.count("~:not(template){")
