"""Check the documentation against the tree: links, pictures, anchors, and labels in guides."""

import re
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
PAGES = sorted([*TREE.glob("*.md"), *TREE.glob("docs/**/*.md")])
GUIDES = sorted(TREE.glob("docs/guides/*.md"))
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_LABEL = re.compile(r"\*\*([^*]+)\*\*")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def _name(path: Path) -> str:
    return str(path.relative_to(TREE))


def _anchors(text: str) -> set[str]:
    """Return the anchors of headings, as code hosts generate them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in _HEADING.findall(text)
    }


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        if link.startswith(("http://", "https://")):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target.read_text()), link


def test_every_picture_is_used_and_small() -> None:
    used = {
        (page.parent / link).resolve()
        for page in PAGES
        for link in _LINK.findall(page.read_text())
        if link.endswith(".png")
    }
    assert set(TREE.glob("docs/**/*.png")) == used
    for picture in used:
        assert picture.stat().st_size < 150_000, picture


@pytest.mark.parametrize("guide", GUIDES, ids=_name)
def test_a_guide_names_only_labels_that_pages_have(guide: Path) -> None:
    source = "".join(
        path.read_text()
        for folder, kind in (("templates", "html"), ("consoleapp", "py"))
        for path in sorted((TREE / folder).rglob(f"*.{kind}"))
    )
    labels = _LABEL.findall(guide.read_text())
    assert labels or guide.name == "backup.md"
    assert [label for label in labels if label not in source] == []


def test_every_guide_is_in_the_readme() -> None:
    readme = (TREE / "README.md").read_text()
    assert [guide.name for guide in GUIDES if f"docs/guides/{guide.name}" not in readme] == []
