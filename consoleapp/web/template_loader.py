"""Load templates whose line breaks are for their authors.

A template is written like a program: one element per line, indented, long tags over several lines.
What reaches the browser follows four rules:

- A `{% tag %}` or `{{ variable }}` may span lines. Django sees one line.
- Indentation is dropped. A line with only logic (`if`, `for`, `with`, …) leaves nothing.
- A line break beside a block element (`div`, `td`, `li`, …), or at the edges of a `button`, is
  dropped. Inside an HTML tag, it is a space.
- Any other line break stays one line break, which HTML shows as a space. `{%- tag %}` and `{{-
  variable }}` drop the white space before them, as in Jinja.

The text in `pre`, `code`, `textarea`, `script`, and `blocktranslate` stays unchanged.
"""

import re

from django.template import Origin
from django.template.loaders import filesystem

_COMMENT = re.compile(r"^[ \t]*\{#.*?#\}[ \t]*\n|\{#.*?#\}", re.DOTALL | re.MULTILINE)
_TRIMMING = re.compile(r"\s*(\{[{%])-(?= )")
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_TRANSLATION = re.compile(
    r"(\{%-?\s*blocktranslate\b[^\n]*?%\})(.*?\{%\s*endblocktranslate\s*%\})", re.DOTALL
)
# An HTML tag. Its attributes may contain Django's tags with any characters in them.
_ATTRIBUTES = (
    r"(?>(?:\{%[^\n]*?%\}|\{\{[^\n]*?\}\}"
    r"|\"(?:\{%[^\n]*?%\}|\{\{[^\n]*?\}\}|[^\"])*\""
    r"|'(?:\{%[^\n]*?%\}|\{\{[^\n]*?\}\}|[^'])*'|[^<>\"'])*)"
)
_ELEMENT = re.compile(rf"\n?</?([a-zA-Z][\w-]*){_ATTRIBUTES}>\n?")
_VERBATIM = re.compile(
    rf"(<(pre|code|textarea|script|style)\b{_ATTRIBUTES}>)(.*?)(?=</\2>)", re.DOTALL
)
_LOGIC = (
    r"\{%-? *(?:(?:if|elif|else|endif|for|empty|endfor|with|endwith|block|endblock|slot|endslot"
    r"|load|extends|csrf_token)\b(?:(?!%\}).)*|(?:(?!%\}).)* as \w+ )%\}"
)
_LOGIC_LINES = re.compile(rf"^((?:{_LOGIC} *)+)(?:\n|\Z)", re.MULTILINE)
_BLOCKS = frozenset(
    "address article aside body caption col colgroup dd details dialog div dl dt fieldset figure"
    " footer form h1 h2 h3 h4 h5 h6 head header hr html legend li link main meta nav ol optgroup"
    " option p pre script section style summary table tbody td template tfoot th thead title tr ul"
    .split()
)  # fmt: skip
# Separate lines inside, but part of a line outside.
_BUTTONS = frozenset({"button", "select", "textarea"})


class Loader(filesystem.Loader):
    """Django's loader of files, followed by `compact`."""

    def get_contents(self, origin: Origin) -> str:
        """Return the source of a template, as short as possible."""
        return compact(super().get_contents(origin))


def compact(source: str) -> str:
    """Drop white space from a template's source that only its authors need."""
    kept: list[str] = []

    def keep(text: str) -> str:
        kept.append(text)
        return f"\0{len(kept) - 1}\0"

    source = _join(_COMMENT.sub("", source))
    source = _TRANSLATION.sub(lambda match: keep(match[0]), source)
    source = _VERBATIM.sub(lambda match: match[1] + keep(match[3]), source)
    source = re.sub(r"\s*\n\s*", "\n", source.lstrip())
    source = _LOGIC_LINES.sub(lambda match: match[1].rstrip(), source)
    source = _ELEMENT.sub(_element, source)
    while "\0" in source:
        source = re.sub("\0(\\d+)\0", lambda match: kept[int(match[1])], source)
    return _TRIMMING.sub(r"\1", source)


def plain_tags(source: str) -> str:
    """Write each tag in Django's form: on one line, and without a minus."""
    return _TRIMMING.sub(r"\1", _join(source))


def _join(source: str) -> str:
    return _TAG.sub(lambda match: re.sub(r"\s*\n\s*", " ", match[0]), source)


def _element(match: re.Match[str]) -> str:
    text, name = match[0], match[1].lower()
    tag = text.strip("\n").replace("\n", " ")
    if name in _BLOCKS or 'type="hidden"' in tag:
        return tag
    closing = tag.startswith("</")
    before = text.startswith("\n") and not (name in _BUTTONS and closing)
    after = text.endswith("\n") and not (name in _BUTTONS and not closing)
    return "\n" * before + tag + "\n" * after
