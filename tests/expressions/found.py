"""Find the regular expressions in the source, and texts that challenge a backtracking engine."""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from django.core.validators import RegexValidator
from django.urls import get_resolver

ROOT = Path(__file__).resolve().parents[2]
# Written in place, or passed to Django.
CALLS = {"compile", "RegexField", "RegexValidator", "re_path"}
# The table of the module that a variable's expression comes from.
TABLES = {"engine/systemd/diagnosis.py": "_TABLE"}
METHODS = {"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
# Modules that only read Berth's own source, such as programs for developers.
NOT_READING_INPUT = (
    "consoleapp/i18n/",
    "/migrations/",
    "/management/",
    "consoleapp/web/template_loader.py",
)


@dataclass(frozen=True)
class Expression:
    """One regular expression, and how it is used."""

    place: str
    pattern: str
    flags: int
    methods: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.place} {self.pattern[:60]!r}"


def expressions() -> list[Expression]:
    """Return every expression in modules that process input, each once."""
    found: dict[tuple[str, int, tuple[str, ...]], Expression] = {}
    for folder in ("engine", "consoleapp"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            name = str(file.relative_to(ROOT))
            if any(part in name for part in NOT_READING_INPUT) or name.endswith("__main__.py"):
                continue
            text = file.read_text()
            if "re." in text or "Regex" in text or "re_path" in text:
                for each in _of_module(name, ast.parse(text)):
                    found.setdefault((each.pattern, each.flags, each.methods), each)
    for pattern in _of_addresses(get_resolver()):
        address = Expression("an address", pattern, 0, ("search",))
        found.setdefault((pattern, 0, address.methods), address)
    return list(found.values())


def _of_addresses(resolver: Any) -> Iterator[str]:
    """Yield the expressions for a request's path."""
    yield resolver.pattern.regex.pattern
    for each in getattr(resolver, "url_patterns", []):
        yield from _of_addresses(each)


def _of_module(name: str, tree: ast.Module) -> Iterator[Expression]:
    module = importlib.import_module(name.removesuffix(".py").replace("/", "."))
    used = _methods(tree)
    held_ones = set()
    for held, value in vars(module).items():
        for pattern in _patterns(value):
            methods = tuple(sorted(used.get(held, set()))) or ("search",)
            held_ones.add(pattern.pattern)
            yield Expression(f"{name}:{held}", pattern.pattern, pattern.flags & ~re.U, methods)
    variables, targets = _variables(tree), _targets(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not (called := _called(node.func)):
            continue
        flags = 0
        for argument in [*node.args[1:], *(each.value for each in node.keywords)]:
            flags |= _flags(argument)
        place = f"{name}:{node.lineno}"
        methods = tuple(sorted(used.get(targets.get(node, ""), {called})))
        for pattern in _texts(node.args[0], module, variables, place):
            if pattern not in held_ones:
                yield Expression(place, pattern, flags, methods)


def _called(function: ast.expr) -> str:
    """Return the method that uses an expression, "" for other calls."""
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        name = function.attr
        if function.value.id == "re":
            return name if name in METHODS else "search" if name in CALLS else ""
    else:
        name = getattr(function, "id", "")
    return "search" if name in CALLS - {"compile"} else ""


def _targets(tree: ast.Module) -> dict[ast.Call, str]:
    """Return the names assigned from calls."""
    return {
        node.value: node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.targets[0], ast.Name)
    }


def _variables(tree: ast.Module) -> dict[str, str]:
    """Return all texts with a name."""
    return {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


def _texts(node: ast.expr, module: Any, variables: dict[str, str], place: str) -> list[str]:
    """Return the possible expressions of an argument. Fails if they are unknown."""
    if isinstance(node, ast.Name):
        if node.id in variables:
            return [variables[node.id]]
        table = TABLES.get(place.partition(":")[0], node.id)
        held = getattr(module, table, None)
        if isinstance(held, list):
            return [row[0] for row in held]
        return [held] if isinstance(held, str) else _unknown(node, place)
    text = _text(node, module)
    return [text] if text is not None else _unknown(node, place)


def _unknown(node: ast.expr, place: str) -> list[str]:
    raise AssertionError(f"{place}: which expression is {ast.unparse(node)}? See TABLES.")


def _patterns(value: Any, depth: int = 0) -> Iterator["re.Pattern[str]"]:
    if isinstance(value, re.Pattern):
        text = value.pattern
        yield value if isinstance(text, str) else re.compile(text.decode("latin-1"))
    elif isinstance(value, RegexValidator):
        yield from _patterns(value.regex, depth + 1)
    elif isinstance(value, list | tuple | set) and depth < 3:
        for each in value:
            yield from _patterns(each, depth + 1)
    elif isinstance(value, dict) and depth < 3:
        yield from _patterns(list(value.values()), depth + 1)


def _methods(tree: ast.Module) -> dict[str, set[str]]:
    """Return how each name of a module is used: `_WORD.match(…)`."""
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
    """Return a literal's text; for an f-string, with the module's names filled in, or KEY."""
    if isinstance(node, ast.Constant):
        value = node.value
        value = value.decode("latin-1") if isinstance(value, bytes) else value
        return value if isinstance(value, str) else None
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
    """Return texts of about that length that may be slow to match.

    Each has one repeated part of the pattern many times, after what must precede it, and with an
    end that does not match.
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
    """Yield each part that may repeat without a small limit: a sample of it, and its prefix."""
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
    """Return one text for each alternative at the part's start."""
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
    """Return a matching text."""
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
