"""Find the image that a Quadlet runs in its text, even before it has a container."""

import re
from collections.abc import Mapping

# podman-systemd.unit(5): Image= of [Container] may name an .image or a .build file instead.
_KEYS = {".image": ("Image", "Image"), ".build": ("Build", "ImageTag")}


def wanted_image(text: str, others: Mapping[str, str]) -> str:
    """Return the Image= of a .container file; "" if only running it could tell.

    `others` are the texts of the account's Quadlets by their names.
    """
    named = _value(text, "Container", "Image")
    for suffix, (section, key) in _KEYS.items():
        if named.endswith(suffix) and "/" not in named:
            named = _value(others.get(named, ""), section, key)
    return "" if "%" in named else named


def _value(text: str, section: str, key: str) -> str:
    """Return the last value of a key, which is the one that Quadlet uses; "" for none."""
    here, found = "", ""
    for line in text.splitlines():
        if opening := re.fullmatch(r"\s*\[([^\]]*)\]\s*", line):
            here = opening[1]
        elif here == section and (set_ := re.fullmatch(rf"\s*{key}\s*=(.*)", line)):
            found = set_[1].strip()
    return found
