"""The sentences of engine and worker, read out of their source: English, made without a reader.

What looks like one: a string or f-string of two words or more that begins like a sentence or is a
label. An f-string is its text with `%(name)s` for each value, called as the expression's last name.
Alternatives inside (`{'saved' if digest else 'created'}`) are as many sentences. What is marked by
gettext is not ours, nor are docstrings, log lines, regular expressions and command lines.
"""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where sentences are made that are stored or relayed before somebody reads them.
PLACES = (
    "engine",
    "consoleapp/operations",
    "consoleapp/policy",
    "consoleapp/live",
    "consoleapp/files",
)
# Tables for programs, not for readers, and words with a reader of their own.
_NOT = ("management", "migrations", "quadlet_keys.py", "__main__.py", "queries/terminal.py")
_MARKERS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext"}
# Calls whose words are for programmers or programs.
_SKIPPED = re.compile(
    r"logger\.|logging\.|re\.|print$|Path$|ImproperlyConfigured$|(Runtime|Assertion|OS)Error$"
)
_MOST_ALTERNATIVES = 8
# A regular expression, SQL, a path, an option, HTTP, a type.
_CODE = re.compile(
    r"[\\^]|\(\?|\.\*|::|https?://%|docker://|systemctl --user \w+ %|\$\w|&&|\bpragma\b"
    r"|\b(insert into|create table|select|update|delete from)\b .*\b(set|from|values|where|if)\b"
    r"|^--?\w|^/|%s|\w\|\w|^Description=|^(for|if|cp|rm|podman|loginctl|systemctl|usermod) \S|\{\}|HTTP/1|Bearer|\[[A-Z]\w+(\[| \|)|^[\w./-]+$"
)


def sentences(root: Path = ROOT) -> dict[str, str]:
    """Every sentence's msgid, and where it is made (file:line), in order of the source."""
    found: dict[str, str] = {}
    for place in PLACES:
        for file in sorted((root / place).rglob("*.py")):
            name = str(file.relative_to(root))
            if any(part in name for part in _NOT):
                continue
            for text, line in _of(ast.parse(file.read_text())):
                found.setdefault(text, f"{name}:{line}")
    return found


def _of(module: ast.Module) -> Iterator[tuple[str, int]]:
    for node in _walk(module):
        for text in _spelled(node):
            text = text.strip()
            if _is_sentence(text):
                yield text, getattr(node, "lineno", 0)
    # What a kind of operation is called may be one word.
    for node in ast.walk(module):
        match node:
            case ast.AnnAssign(target=ast.Name(id="label"), value=ast.Constant(value=str(word))):
                yield word, node.lineno


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """The strings below, the outermost of those that are glued together; values inside as well."""
    if isinstance(node, ast.Call) and (
        _SKIPPED.match(ast.unparse(node.func)) or ast.unparse(node.func) in _MARKERS
    ):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, (ast.Constant, ast.JoinedStr)) or _glued(node):
        yield node
    # What an alternative or a glued piece says has been spelled out; other values may be sentences.
    if isinstance(node, ast.JoinedStr):
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                yield from _walk(value.value)
        return
    for child in ast.iter_child_nodes(node):
        yield from _walk(child)


def _glued(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and any(_text(side) for side in (node.left, node.right))
    )


def _text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        or (isinstance(node, ast.IfExp) and _text(node.body) and _text(node.orelse))
        or _glued(node)
    )


def _spelled(node: ast.AST) -> list[str]:
    """What the node may say, with marks \0name\0 for values, then named."""
    choices = _choices(node)
    if len(choices) > _MOST_ALTERNATIVES:
        return []
    return [_named(text) for text in choices]


def _choices(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Constant):
        return [node.value.replace("%", "%%")] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        parts = [_value(part) for part in node.values]
        return ["".join(each) for each in product(*parts)]
    if isinstance(node, ast.IfExp) and _text(node.body) and _text(node.orelse):
        return [*_choices(node.body), *_choices(node.orelse)]
    if isinstance(node, ast.BinOp) and _glued(node):
        sides = [_choices(s) if _text(s) else [f"\0{_name(s)}\0"] for s in (node.left, node.right)]
        return ["".join(each) for each in product(*sides)]
    return []


def _value(part: ast.AST) -> list[str]:
    if isinstance(part, ast.FormattedValue):
        inner = part.value
        if isinstance(inner, ast.IfExp) and _text(inner.body) and _text(inner.orelse):
            return _choices(inner)
        return [f"\0{_name(inner)}\0"]
    return _choices(part)


def _name(node: ast.AST) -> str:
    """The last name in an expression: `parameters.destination` is destination."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id.strip("_").lower() or "value"
    if isinstance(node, ast.Call):
        inner = [name for name in map(_name, node.args) if name != "value"]
        return inner[0] if inner else _name(node.func)
    if isinstance(node, (ast.Subscript, ast.Await, ast.Starred)):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            key = str(node.slice.value)
            if key.isidentifier():
                return key.lower()
        return _name(node.value)
    if isinstance(node, (ast.BoolOp,)):
        return _name(node.values[0])
    if isinstance(node, ast.BinOp):
        return _name(node.left)
    if isinstance(node, ast.IfExp):
        return _name(node.body)
    return "value"


def _named(text: str) -> str:
    seen: dict[str, int] = {}

    def one(match: re.Match[str]) -> str:
        name = match[1]
        seen[name] = seen.get(name, 0) + 1
        return f"%({name if seen[name] == 1 else f'{name}{seen[name]}'})s"

    named = re.sub("\0(\\w+)\0", one, text)
    return named if seen else text.replace("%%", "%")


def _is_sentence(text: str) -> bool:
    bare = re.sub(r"%\(\w+\)s", "", text)
    words = re.findall(r"[A-Za-z][A-Za-z’']+", bare)
    if len(words) < 2 or _CODE.search(text) or " " not in text or "\n" in text or text == "True":
        return False
    # A sentence, a label (Pull image), what goes on with a value; else a fragment of code's.
    return bool(re.match(r"[A-Z`…“]|%\(\w+\)s", text)) or text[-1] in ".!?" or len(words) >= 3
