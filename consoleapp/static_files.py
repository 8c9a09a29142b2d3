"""Style sheets, scripts and fonts have names with a hash, so that browsers keep them for good.

`launch.prepare` collects them into STATIC_ROOT after each change of the code. Names of before stay:
pages that are open still ask for them.
"""

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
