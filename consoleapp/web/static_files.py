"""Style sheets, scripts and fonts have names with a hash, so that browsers keep them for good.

`launch.prepare` collects them into STATIC_ROOT after each change of the code. Names of the version
before stay: pages that are open still ask for them. Older ones go.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Also where a style sheet names a font, and where one of our scripts imports another file."""

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
        """Name the files, then remove what neither this nor the last collection names."""
        before = set(self.hashed_files.values())
        yield from super().post_process(*args, **options)
        self._prune(before | set(self.hashed_files.values()) | {self.manifest_name})

    def _prune(self, kept: set[str]) -> None:
        for file in Path(self.location).rglob("*"):
            name = file.relative_to(self.location).as_posix()
            if file.is_file() and name.removesuffix(".gz").removesuffix(".br") not in kept:
                file.unlink()
