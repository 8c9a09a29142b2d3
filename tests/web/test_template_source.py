"""Templates are source code: how they are written, and what reaches the browser."""

from pathlib import Path

import pytest

from consoleapp.web.template_loader import compact

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
LONGEST_LINE = 120


def test_no_line_of_a_template_is_too_long():
    found = [
        f"{file.relative_to(TEMPLATES)}:{number}: {len(line)} columns"
        for file in sorted(TEMPLATES.rglob("*.html"))
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if len(line) > LONGEST_LINE
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        (
            '<div>\n  <p\n      class="a">\n    Text\n  </p>\n</div>\n',
            '<div><p class="a">Text</p></div>',
        ),
        ("<b>a</b>\n  <b>b</b>\n", "<b>a</b>\n<b>b</b>\n"),
        ("a\n{% if x %}\n  b\n{% endif %}\nc", "a\n{% if x %}b\n{% endif %}c"),
        ("a\n{%- if x %}\n  b\n{%- endif %}", "a{% if x %}b{% endif %}"),
        ("<b>\n  {{- name }}</b>", "<b>{{ name }}</b>"),
        ('{% include "x.html" with a=1\n    b=2 %}', '{% include "x.html" with a=1 b=2 %}'),
        ("<button>\n  Go\n</button>\n<i>x</i>", "<button>Go</button>\n<i>x</i>"),
        ("{# A word\n   to authors. #}\n<p>x</p>", "<p>x</p>"),
        ("<pre>\n  a\n    b\n</pre>", "<pre>\n  a\n    b\n</pre>"),
        ("<textarea>\n{{ text }}</textarea>", "<textarea>\n{{ text }}</textarea>"),
        (
            "{% blocktranslate trimmed %}\n  One.\n  Two.\n{% endblocktranslate %}",
            "{% blocktranslate trimmed %}\n  One.\n  Two.\n{% endblocktranslate %}",
        ),
        (
            '<p {% if a > b %}\n  title="{{ c }}"{% endif %}>',
            '<p {% if a > b %} title="{{ c }}"{% endif %}>',
        ),
    ],
)
def test_white_space_for_authors_does_not_reach_the_browser(source, sent):
    assert compact(source) == sent
