"""Render descriptions in Markdown as harmless HTML."""

from django.utils.safestring import SafeString, mark_safe

# markdown-it-py: CommonMark, maintained by the Jupyter community, and safe by design: raw HTML is
# shown as text, and links with javascript:, vbscript:, file:, and data: stay text.
from markdown_it import MarkdownIt

_reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable("image")
_reader.enable("table")


def render(text: str) -> SafeString:
    """Return the HTML without raw HTML and images (which would reveal readers)."""
    tokens = _reader.parse(text)
    for token in tokens:
        for child in token.children or []:
            if child.type == "link_open":
                child.attrs |= {"rel": "noreferrer noopener nofollow", "target": "_blank"}
    html: str = _reader.renderer.render(tokens, _reader.options, {})
    return mark_safe(html)  # noqa: S308 - made by the reader
