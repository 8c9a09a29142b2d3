"""The regular expressions in the source, and texts that a backtracking engine could despair of."""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
METHODS = {"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
# Programs for developers, which read Berth's own source.
NOT_READING_INPUT = ("consoleapp/i18n/", "/migrations/", "/management/")


@dataclass(frozen=True)
class Expression:
    """One of them, and how it is used."""

    place: str
    pattern: str
    flags: int
    methods: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.place} {self.pattern[:60]!r}"


def expressions() -> list[Expression]:
    """All in modules that see input, each once."""
    found: dict[tuple[str, int, tuple[str, ...]], Expression] = {}
    for folder in ("engine", "consoleapp"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            name = str(file.relative_to(ROOT))
            if any(part in name for part in NOT_READING_INPUT) or name.endswith("__main__.py"):
                continue
            text = file.read_text()
            if "re." in text:
                for each in _of_module(name, ast.parse(text)):
                    found.setdefault((each.pattern, each.flags, each.methods), each)
    return list(found.values())


def _of_module(name: str, tree: ast.Module) -> Iterator[Expression]:
    module = importlib.import_module(name.removesuffix(".py").replace("/", "."))
    used = _methods(tree)
    for held, value in vars(module).items():
        for pattern in _patterns(value):
            methods = tuple(sorted(used.get(held, set()))) or ("search",)
            yield Expression(f"{name}:{held}", pattern.pattern, pattern.flags & ~re.U, methods)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in METHODS
        ):
            pattern, flags = _text(node.args[0], module), 0
            for argument in [*node.args[1:], *(each.value for each in node.keywords)]:
                flags |= _flags(argument)
            if pattern is not None:
                yield Expression(f"{name}:{node.lineno}", pattern, flags, (node.func.attr,))


def _patterns(value: Any, depth: int = 0) -> Iterator["re.Pattern[str]"]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, list | tuple | set) and depth < 3:
        for each in value:
            yield from _patterns(each, depth + 1)
    elif isinstance(value, dict) and depth < 3:
        yield from _patterns(list(value.values()), depth + 1)


def _methods(tree: ast.Module) -> dict[str, set[str]]:
    """How each name of a module is used: `_WORD.match(…)`."""
    used: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.attr in METHODS
        ):
            used.setdefault(node.value.id, set()).add(node.attr)
    return used


def _text(node: ast.expr, module: Any) -> str | None:
    """A literal's text; of an f-string, with names of the module filled in, others as KEY."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        pieces = []
        for value in node.values:
            if isinstance(value, ast.Constant):
                pieces.append(str(value.value))
            else:
                inner = value.value if isinstance(value, ast.FormattedValue) else value
                known = isinstance(inner, ast.Name) and isinstance(
                    getattr(module, inner.id, None), str
                )
                pieces.append(getattr(module, inner.id) if known else "KEY")  # type: ignore[attr-defined]
        return "".join(pieces)
    return None


def _flags(node: ast.expr) -> int:
    names = [each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)]
    return sum(int(getattr(re, name)) for name in names if name in ("I", "M", "S", "X"))


def attacks(expression: Expression, length: int) -> list[str]:
    """Texts of about that length: each repeated part of the pattern over and over, after what has
    to come before it, and with an end that does not fit.
    """
    parsed = parser.parse(expression.pattern, expression.flags & ~re.U)
    made = []
    for before, body in _repeated(parsed, ""):
        for unit in (body, f"{body}\n") if body else ():
            many = unit * (length // len(unit))
            for end in ("\0", "\n\0"):
                made.append(before + many + end)
            if before:
                made.append((before + unit) * (length // len(before + unit)) + "\0")
    whole = _sample(parsed)
    for unit in [*sorted({*whole, *" \n\\\"'=-."}), whole, f"{whole}\n", '\\"', '"A=', "\n#"]:
        if unit:
            made.append(unit * (length // len(unit)) + "\0")
    return made


def _repeated(parsed: Any, before: str) -> Iterator[tuple[str, str]]:
    """Each part that may be repeated without a near end: a sample of it, and of what precedes."""
    for code, argument in parsed:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            _, most, body = argument
            if most == codes.MAXREPEAT or most > 50:
                for sample in _samples(body):
                    yield before, sample
            yield from _repeated(body, before)
        elif code is codes.SUBPATTERN:
            yield from _repeated(argument[3], before)
        elif code is codes.BRANCH:
            for branch in argument[1]:
                yield from _repeated(branch, before)
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            yield from _repeated(argument[1], before)
        before += _sample([(code, argument)])


def _samples(parsed: Any) -> list[str]:
    """One text for each alternative that the part begins with."""
    if len(parsed) == 1 and parsed[0][0] is codes.BRANCH:
        return [_sample(branch) for branch in parsed[0][1][1]]
    if len(parsed) == 1 and parsed[0][0] is codes.SUBPATTERN:
        return _samples(parsed[0][1][3])
    if len(parsed) == 1 and parsed[0][0] is codes.IN:
        return sorted({_sample([(codes.IN, [each])]) for each in parsed[0][1]} - {""}) or [
            _sample(parsed)
        ]
    return [_sample(parsed)]


def _sample(parsed: Any) -> str:
    """A text that fits."""
    return "".join(_fitting(code, argument) for code, argument in parsed)


_CATEGORIES = {
    codes.CATEGORY_DIGIT: "7",
    codes.CATEGORY_WORD: "a",
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_NOT_DIGIT: "a",
    codes.CATEGORY_NOT_WORD: "-",
    codes.CATEGORY_NOT_SPACE: "a",
}


def _fitting(code: Any, argument: Any) -> str:
    if code is codes.LITERAL:
        return chr(argument)
    if code is codes.NOT_LITERAL:
        return "a" if argument != ord("a") else "b"
    if code is codes.ANY:
        return "a"
    if code is codes.RANGE:
        return chr(argument[0])
    if code is codes.CATEGORY:
        return _CATEGORIES[argument]
    if code is codes.IN:
        if argument[0][0] is codes.NEGATE:
            refused = re.compile("|".join(re.escape(_fitting(*each)) for each in argument[1:]))
            return next(each for each in "a 7-~\n" if not refused.fullmatch(each))
        return _fitting(*argument[0])
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        return _sample(argument[2]) * max(1, min(argument[0], 64))
    if code is codes.SUBPATTERN:
        return _sample(argument[3])
    if code is codes.BRANCH:
        return _sample(argument[1][0])
    return ""
