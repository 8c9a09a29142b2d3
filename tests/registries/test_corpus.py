"""registries.conf files based on the manual: changed and changed back, nothing is lost."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from engine.registries import registries_conf
from engine.registries.config_edit import edited
from engine.schema import registries as schema
from tests.fixtures.registries import Account

FILES = sorted((Path(__file__).parent / "corpus").glob("*.conf"))
NEW = schema.SetRegistry(
    prefix="new.example/team",
    location="far.example",
    insecure=True,
    mirrors=[schema.Mirror(location="near.example", pull_from="digest-only")],
)
EDITS: list[schema.Change] = [
    schema.SetSearch(registries=["one.example", "two.example:5000"]),
    NEW,
    schema.SetAlias(name="new/tool", value="far.example/tool"),
    schema.SetShortNameMode(mode="permissive"),
]


def text_of(file: Path) -> str:
    return file.read_bytes().decode()


def ours(text: str) -> str:
    """Return a file as edits find it: version 1 is converted first."""
    if registries_conf.is_version_1(tomllib.loads(text)):
        return edited(text, schema.ConvertFile())
    return text


def comments(text: str) -> set[str]:
    return {line.partition("#")[2].strip() for line in text.splitlines() if "#" in line}


def accepted(account: Account, text: str) -> bool:
    path = account.write(text, "candidate.conf")
    done = account.run(
        "env", f"CONTAINERS_REGISTRIES_CONF={path}", "podman", "info", "--format", "x"
    )
    return done.returncode == 0


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_edit_changes_what_it_means_and_nothing_else(file: Path) -> None:
    before = ours(text_of(file))
    for edit in EDITS:
        after = edited(before, edit)
        old, new = tomllib.loads(before), tomllib.loads(after)
        assert comments(before) <= comments(after), edit
        for key in old.keys() - {"unqualified-search-registries", "short-name-mode"}:
            if key == "registry":
                assert new[key][: len(old[key])] == old[key]
            elif isinstance(old[key], dict):
                assert new[key].items() >= old[key].items()
            else:
                assert new[key] == old[key]
    new = tomllib.loads(edited(before, EDITS[0]))
    assert new["unqualified-search-registries"] == ["one.example", "two.example:5000"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_added_and_taken_away_again_leaves_the_same_data(file: Path) -> None:
    before = ours(text_of(file))
    after = edited(edited(before, NEW), schema.RemoveRegistry(prefix=NEW.prefix))
    assert tomllib.loads(after) == tomllib.loads(before)
    assert comments(after) == comments(before)
    after = edited(edited(before, EDITS[2]), schema.RemoveAlias(name="new/tool"))
    data: dict[str, Any] = tomllib.loads(after)
    if not data.get("aliases"):
        data.pop("aliases", None)
    assert data == tomllib.loads(before)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_entry_can_be_changed_in_its_place(file: Path) -> None:
    before = ours(text_of(file))
    for at, entry in enumerate(tomllib.loads(before).get("registry", [])):
        prefix = entry.get("prefix") or entry["location"]
        known = {"prefix", "location", "insecure", "blocked", "mirror", "mirror-by-digest-only"}
        change = schema.SetRegistry(
            was=prefix,
            prefix=prefix,
            location=entry.get("location"),
            blocked=True,
            mirrors=[schema.Mirror(location="first.example"), *_mirrors(entry)],
        )
        after = edited(before, change)
        now = tomllib.loads(after)["registry"][at]
        assert now["blocked"] is True
        places = [mirror["location"] for mirror in now["mirror"]]
        assert places == ["first.example", *(each.location for each in _mirrors(entry))]
        assert {k: v for k, v in entry.items() if k not in known} == {
            k: v for k, v in now.items() if k not in known
        }
        assert comments(before) <= comments(after)


def _mirrors(entry: dict[str, Any]) -> list[schema.Mirror]:
    return [
        schema.Mirror(location=each["location"], insecure=each.get("insecure", False))
        for each in entry.get("mirror", [])
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_podman_accepts_every_file_before_and_after(account: Account, file: Path) -> None:
    text = text_of(file)
    assert accepted(account, text)
    text = ours(text)
    for edit in EDITS:
        text = edited(text, edit)
    assert accepted(account, text), text
