"""Input must not keep a process busy: each expression is attacked with long texts.

Times are CPU times. Whatever is not immediate is measured: with a text four times as long, a
backtracking expression takes at least sixteen times as long.
"""

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.expressions.found import Expression, attacks, expressions

LENGTH = 10_000
MOMENT = 0.05
FOR_EVER = 2.0
TIMES = 8
"""More than the four of a linear expression, and less than sixteen."""
# Expressions for short texts only: the maximum length, and what enforces it.
SHORT = {r"\([^)]*[+*|][^)]*\)[+*{]": 200}  # patterns of parameters, by their model
EXPRESSIONS = expressions()


class _TooLong(Exception):
    """Raised when the CPU time is used up."""


@contextmanager
def cpu_time(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def use(compiled: "re.Pattern[str]", method: str, text: str) -> None:
    if method in ("sub", "subn"):
        compiled.sub("", text)
    elif method == "finditer":
        for _ in compiled.finditer(text):
            continue
    else:
        getattr(compiled, method)(text)


def seconds(compiled: "re.Pattern[str]", method: str, text: str, limit: float) -> float:
    began = time.process_time()
    try:
        with cpu_time(limit):
            use(compiled, method, text)
    except _TooLong:
        return float("inf")
    return time.process_time() - began


def is_slow(expression: Expression, length: int) -> str:
    """Return the use that takes too long, "" for none."""
    compiled = re.compile(expression.pattern, expression.flags & ~re.U)
    shorter = attacks(expression, length // 4)
    for text, quarter in zip(attacks(expression, length), shorter, strict=True):
        for method in expression.methods:
            if seconds(compiled, method, text, MOMENT) < MOMENT:
                continue
            whole = seconds(compiled, method, text, FOR_EVER)
            before = max(0.001, seconds(compiled, method, quarter, FOR_EVER))
            if whole > FOR_EVER or whole > TIMES * before:
                return f"{method} of {text[:40]!r} … {text[-10:]!r}"
    return ""


def test_there_are_expressions_to_attack() -> None:
    assert len(EXPRESSIONS) > 60


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_it_takes_time_in_proportion_to_the_text(expression: Expression) -> None:
    assert not is_slow(expression, SHORT.get(expression.pattern, LENGTH))


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+b", r"^\s*#", r"""(["'])(\w+)=((?:\\.|(?!\1).)*)\1""", r"(a|a)*b", r"(.*?)\s*x"],
)
def test_the_attacks_find_what_is_slow(pattern: str) -> None:
    assert is_slow(Expression("here", pattern, int(re.M), ("search",)), LENGTH)
