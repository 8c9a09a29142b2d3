"""Collected files have the names of this version and the previous one, and no older ones."""

from pathlib import Path

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
