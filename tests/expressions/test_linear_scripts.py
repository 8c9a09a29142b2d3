"""A page must not hang either: each expression of its scripts is attacked, in Node."""

import json
import subprocess

import pytest

from tests.expressions.found import ROOT, Expression, attacks
from tests.expressions.scripts import expressions

EXPRESSIONS = expressions()
LENGTH = 10_000
FOR_EVER = 30
TIMES = 8
_NODE = """
const [pattern, flags, pairs] = JSON.parse(require("fs").readFileSync(0, "utf8"));
const expression = new RegExp(pattern, flags.includes("g") ? flags : flags + "g");
const seconds = (text) => {
  const began = process.cpuUsage();
  for (const found of text.matchAll(expression)) void found;
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
};
for (const [shorter, longer] of pairs) {
  if (seconds(longer) < 0.05) continue;
  const whole = seconds(longer), quarter = Math.max(0.002, seconds(shorter));
  if (whole > TIMES * quarter) console.log(JSON.stringify(longer.slice(0, 40)));
}
""".replace("TIMES", str(TIMES))


def is_slow(expression: Expression) -> str:
    """Return the start of a text that takes too long, "" for none."""
    pairs = list(zip(attacks(expression, LENGTH // 4), attacks(expression, LENGTH), strict=True))
    given = json.dumps([expression.pattern, expression.methods[0], pairs])
    try:
        ended = subprocess.run(
            ["node", "-e", _NODE], input=given, capture_output=True, text=True, timeout=FOR_EVER
        )
    except subprocess.TimeoutExpired:
        return "for ever"
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_each_expression_of_a_page_is_found() -> None:
    places = {each.place.partition(":")[0] for each in EXPRESSIONS}
    names = {"ansi", "containerfile", "live", "panels", "stats", "terminal", "unit_text"}
    assert {f"static/js/{name}.js" for name in names} <= places
    assert {"templates/units/_editor.html", "templates/containers/detail/_dialogs.html"} <= places
    assert "new RegExp" not in "".join(
        file.read_text() for file in (ROOT / "static/js").glob("*.js")
    )


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_a_page_takes_time_in_proportion_to_the_text(expression: Expression) -> None:
    assert not is_slow(expression)


def test_the_attacks_find_what_hangs_a_page() -> None:
    assert is_slow(Expression("here", r"(a+)+b", 0, ("",)))
