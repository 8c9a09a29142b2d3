"""Give style sheets, scripts, and fonts names with a hash, so that browsers cache them forever.

`launch.prepare` collects them into STATIC_ROOT after each change of the code. Files of the previous
version stay, since open pages still request them. Older ones are removed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Also handles fonts in style sheets, and imports in our own scripts."""

    patterns = (
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
