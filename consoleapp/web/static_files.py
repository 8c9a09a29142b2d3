"""Give style sheets, scripts, and fonts names with a hash, so that browsers cache them forever.

`launch.prepare` collects them into STATIC_ROOT after each change of the code. Files of the previous
version stay, since open pages still request them. Older ones are removed.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

# Rules of Tabler for any element after another one. As long as there is one such rule, a browser
# computes the styles of all rows of a table again when one changes. No page uses `divide-…`.
_SIBLING_RULES = (
    (r"\.divide-[xy][\w-]*>:not\(template\)~:not\(template\)\{[^{}]*\}", ""),
    (r"\blegend\+\*(?=\{)", "fieldset>:not(legend)"),
)


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # has no types
    """Also handles fonts in style sheets, imports in our own scripts, and costly rules."""

    patterns = (
        ("*tabler.min.css", _SIBLING_RULES),
        (
            "*.css",
            (
                r"""(?P<matched>url\(['"]?\s*(?P<url>.*?)["']?\))""",
                (
                    r"""(?P<matched>@import\s*["']\s*(?P<url>.*?)["'])""",
                    """@import url("%(url)s")""",
                ),
            ),
        ),
        (
            "js/*.js",
            (
                (r"""(?P<matched>\bfrom\s*["'](?P<url>[./][^"']*)["'])""", 'from "%(url)s"'),
                (r"""(?P<matched>\bimport\s*["'](?P<url>[./][^"']*)["'])""", 'import "%(url)s"'),
                (r"""(?P<matched>\bimport\(["'](?P<url>[./][^"']*)["']\))""", 'import("%(url)s")'),
            ),
        ),
    )

    def url_converter(
        self, name: str, hashed_files: dict[str, str], template: str | None = None, *more: Any
    ) -> Callable[[Any], str]:
        """Return what replaces a match: a template without an address is the text itself."""
        if template is not None and "%(url)s" not in template:
            return lambda _: template
        converter: Callable[[Any], str] = super().url_converter(name, hashed_files, template, *more)
        return converter

    def post_process(self, *args: Any, **options: Any) -> Iterator[Any]:
        """Name the files, then remove those that neither this nor the last collection names."""
        before = set(self.hashed_files.values())
        yield from super().post_process(*args, **options)
        self._prune(before | set(self.hashed_files.values()) | {self.manifest_name})

    def _prune(self, kept: set[str]) -> None:
        for file in Path(self.location).rglob("*"):
            name = file.relative_to(self.location).as_posix()
            if file.is_file() and name.removesuffix(".gz").removesuffix(".br") not in kept:
                file.unlink()
