"""Split a text into words like sh and Bash (operators, quotes, comments), expanding nothing.

Grammar: POSIX.1-2017, Shell Command Language, 2.2 Quoting, 2.3 Token Recognition, 2.7 Redirection;
from Bash also `$'…'`, `<(…)`, `<<<`, `&>`, and braces.
"""

import bisect
import re
from dataclasses import dataclass, field

_OPERATORS = (
    "<<<", "<<-", "&>>", "&&", "||", ";;", "|&", ">>", "<<", ">&", "<&", "<>", ">|", "&>",
    ";", "&", "|", "<", ">", "(", ")", "\n",
)  # fmt: skip
_SEPARATORS = frozenset({"&&", "||", ";;", "|&", ";", "&", "|", "(", ")", "\n"})
_ENDS_WORD = frozenset(" \t\n;&|<>()")
_PARAMETER = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|[0-9?$!#@*-])")
_BRACES = re.compile(r"\{[^{}\s'\"\\$`]{0,200}(?:,|\.\.)[^{}\s'\"\\$`]{0,200}\}")
_TILDE = re.compile(r"~[A-Za-z0-9_.+-]*(?=/|\s|$)")
_ESCAPES = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "v": "\v", "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_NUMBER = re.compile(
    r"\\(?:x(?P<hex>[0-9A-Fa-f]{1,2})|(?P<octal>[0-7]{1,3})"
    r"|u(?P<short>[0-9A-Fa-f]{1,4})|U(?P<long>[0-9A-Fa-f]{1,8}))"
)
_DEEPEST = 40


class Unclosed(ValueError):
    """Raised for an unterminated quote or substitution that begins at `start`."""

    def __init__(self, start: int, *, quote: bool) -> None:
        super().__init__("unclosed")
        self.start = start
        self.quote = quote


@dataclass(frozen=True)
class Word:
    """A word with its quotes removed, and its position."""

    value: str
    start: int = 0
    end: int = 0
    expansions: tuple[str, ...] = ()
    """The parts that a shell would expand: `$NAME`, `$(…)`, backticks, `~`, braces."""
    has_pattern: bool = False
    """Whether a shell might replace it with file names (`*`, `?`)."""


@dataclass(frozen=True)
class Span:
    """A part of the text, and its words."""

    start: int
    end: int
    words: tuple[str, ...]


@dataclass
class Command:
    """A simple command: its words and redirections."""

    start: int
    """Its start, including its separator (`&&`, `|`)."""
    words: list[Word] = field(default_factory=list)
    redirections: list[Span] = field(default_factory=list)
    separator: str = ""


@dataclass
class Script:
    """All commands of a text in order, and its comments."""

    commands: list[Command]
    comments: list[Span]


class Places:
    """Converts offsets in a text to lines and columns, both counted from 1."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def __call__(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def parse(text: str) -> Script:
    """Parse a text whose lines end with "\\n" only. Raises Unclosed."""
    return _Parser(text).script()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._script = Script([Command(0)], [])
        self._documents: list[tuple[str, bool]] = []
        """Here-documents whose bodies start on the next line: delimiter, and whether tabs go."""

    def script(self) -> Script:
        while self._skip_blanks() < len(self._text):
            start = self._at
            character = self._text[start]
            if character == "#":
                end = self._text.find("\n", start)
                self._at = end if end >= 0 else len(self._text)
                words = tuple(self._text[start : self._at].split())
                self._script.comments.append(Span(start, self._at, words))
            elif self._text.startswith(("<(", ">("), start) or character not in _ENDS_WORD:
                self._word_or_number(start)
            else:
                self._operator(start, self._operator_at(start))
        return self._script

    def _skip_blanks(self) -> int:
        while self._at < len(self._text):
            if self._text[self._at] in " \t":
                self._at += 1
            elif self._text.startswith("\\\n", self._at):
                self._at += 2
            else:
                break
        return self._at

    def _operator_at(self, at: int) -> str:
        return next(each for each in _OPERATORS if self._text.startswith(each, at))

    def _word_or_number(self, start: int) -> None:
        word = self._word()
        following = self._text[self._at : self._at + 1]
        raw = self._text[start : self._at]
        # `2>&1`: digits directly before a redirection belong to it.
        if following in ("<", ">") and following and raw.isascii() and raw.isdigit():
            self._operator(start, self._operator_at(self._at))
        else:
            self._script.commands[-1].words.append(word)

    def _operator(self, start: int, operator: str) -> None:
        self._at = self._text.index(operator, self._at) + len(operator)
        if operator in _SEPARATORS:
            if operator == "\n":
                self._skip_documents()
            self._script.commands.append(Command(start, separator=operator))
            return
        self._skip_blanks()
        target = None
        if self._at < len(self._text) and self._text[self._at] not in _ENDS_WORD:
            target = self._word()
            if operator in ("<<", "<<-"):
                self._documents.append((target.value, operator == "<<-"))
        shown = self._text[start : start + 1].strip("<>&") + operator
        words = (shown, target.value) if target else (shown,)
        self._script.commands[-1].redirections.append(Span(start, self._at, words))

    def _skip_documents(self) -> None:
        for delimiter, strips_tabs in self._documents:
            while self._at < len(self._text):
                end = self._text.find("\n", self._at)
                end = end if end >= 0 else len(self._text)
                line = self._text[self._at : end]
                self._at = min(end + 1, len(self._text))
                if (line.lstrip("\t") if strips_tabs else line) == delimiter:
                    break
        self._documents.clear()

    def _word(self) -> Word:
        start, text = self._at, self._text
        value: list[str] = []
        expansions: list[str] = []
        has_pattern = False
        if tilde := _TILDE.match(text, start):
            expansions.append(tilde[0])
        while self._at < len(text):
            at, character = self._at, text[self._at]
            if text.startswith(("<(", ">("), at) and at == start:
                self._take_substitution(at + 1, value, expansions, begins=at)
            elif character in _ENDS_WORD:
                break
            elif character == "\\":
                self._at += 2
                if text[at + 1 : at + 2] != "\n":
                    value.append(text[at + 1 : at + 2] or "\\")
            elif character == "'":
                end = text.find("'", at + 1)
                if end < 0:
                    raise Unclosed(at, quote=True)
                value.append(text[at + 1 : end])
                self._at = end + 1
            elif character == '"':
                self._double(value, expansions)
            elif text.startswith("$'", at):
                value.append(self._ansi())
            elif text.startswith('$"', at):
                self._at += 1
            elif character in "$`":
                self._dollar(value, expansions)
            else:
                if character == "{" and (braces := _BRACES.match(text, at)):
                    expansions.append(braces[0])
                has_pattern = has_pattern or character in "*?"
                value.append(character)
                self._at += 1
        self._at = min(self._at, len(text))
        return Word("".join(value), start, self._at, tuple(expansions), has_pattern)

    def _double(self, value: list[str], expansions: list[str]) -> None:
        start = self._at
        self._at += 1
        while self._at < len(self._text):
            character = self._text[self._at]
            following = self._text[self._at + 1 : self._at + 2]
            if character == '"':
                self._at += 1
                return
            if character == "\\" and following and following in '$`"\\\n':
                value.append("" if following == "\n" else following)
                self._at += 2
            elif character in "$`":
                self._dollar(value, expansions)
            else:
                value.append(character)
                self._at += 1
        raise Unclosed(start, quote=True)

    def _dollar(self, value: list[str], expansions: list[str]) -> None:
        """Read `$NAME`, `${…}`, `$(…)`, `$((…))`, or backticks unchanged, or a plain `$`."""
        at = self._at
        if self._text[at] == "`" or self._text.startswith(("$(", "${"), at):
            opening = at if self._text[at] == "`" else at + 1
            self._take_substitution(opening, value, expansions, begins=at)
        elif parameter := _PARAMETER.match(self._text, at):
            self._at = parameter.end()
            value.append(parameter[0])
            expansions.append(parameter[0])
        else:
            value.append("$")
            self._at += 1

    def _take_substitution(
        self, opening: int, value: list[str], expansions: list[str], *, begins: int
    ) -> None:
        self._at = self._closing(opening, 0) + 1
        whole = self._text[begins : self._at]
        value.append(whole)
        expansions.append(whole)

    def _closing(self, opening: int, depth: int) -> int:
        """Return the end of the parenthesis, brace, or backtick at `opening`. Raises Unclosed."""
        if depth > _DEEPEST:
            raise Unclosed(opening, quote=False)
        text = self._text
        opens = text[opening]
        closes = {"(": ")", "{": "}", "`": "`", '"': '"'}[opens]
        at, level = opening + 1, 0
        while at < len(text):
            character = text[at]
            if character == "\\":
                at += 1
            elif character == closes and not level:
                return at
            elif opens == "(" and character in "()":
                level += 1 if character == "(" else -1
            elif text.startswith(("$(", "${"), at):
                at = self._closing(at + 1, depth + 1)
            elif character in '`"' and opens != "`":
                at = self._closing(at, depth + 1)
            elif character == "'" and opens in "({":
                end = text.find("'", at + 1)
                if end < 0:
                    raise Unclosed(at, quote=True)
                at = end
            at += 1
        raise Unclosed(opening, quote=opens == '"')

    def _ansi(self) -> str:
        """Return the text of `$'…'` with its escapes replaced."""
        start = self._at
        self._at += 2
        found: list[str] = []
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == "'":
                self._at += 1
                return "".join(found)
            if character != "\\":
                found.append(character)
                self._at += 1
            elif number := _NUMBER.match(self._text, self._at):
                digits = number["octal"] or number["hex"] or number["short"] or number["long"]
                code = int(digits, 8 if number["octal"] else 16)
                is_text = code < 0x110000 and not 0xD800 <= code < 0xE000
                found.append(chr(code) if is_text else "\ufffd")
                self._at = number.end()
            else:
                following = self._text[self._at + 1 : self._at + 2]
                found.append(_ESCAPES.get(following, "\\" + following))
                self._at += 2
        raise Unclosed(start, quote=True)
