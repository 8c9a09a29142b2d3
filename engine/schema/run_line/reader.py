"""Convert the words of a run line into ContainerRun's fields, and list everything left out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.schema.messages import msg
from engine.schema.parameters import REDACTED, SECRET_WORDS, redact_word
from engine.schema.run_line import options, shell, values
from engine.schema.run_line.options import Shape
from engine.schema.run_line.shell import Word

PROGRAMS = ("docker", "podman", "podman-remote", "nerdctl")
_LONGEST = 100_000
_SHOWN = 200
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_PROMPT = re.compile(
    r"(\s*)(?:[^\s@]+@\S+[$#%>]|[$#%>])"
    r"(?=[ \t]+(?:sudo[ \t]+)?(?:\S+/)?(?:docker|podman|nerdctl)\b)"
)
_PREFIXES = frozenset({"command", "exec", "time", "nohup", "env", "$", "%"})
_SUDO_VALUES = frozenset({"-u", "-g", "-h", "-p", "-C", "-T", "-R", "-D", "-U", "-r", "-t"})
_CREDENTIALS = frozenset({"--creds", "--decryption-key"})
_FOR_SHELL = msg("Your shell would have replaced a part of this: fill in the value that you mean.")
_KEPT_AS_IT_IS = msg("Your shell would have replaced a part of this; here it stays as it is.")
_KEPT_PATTERN = msg("Your shell may replace this by the names of files; here it stays as it is.")
_ANOTHER_COMMAND = msg("Another command: only the run line is read.")
_REDIRECTION = msg(
    "The shell redirects this: what a container in the background prints is in its logs."
)
_COMMENT = msg("A comment, which is no part of the container.")
_OF_SUDO = msg("An option of sudo: containers run as the Linux account that you have chosen here.")
_OF_PROGRAM = msg("An option of the program itself, which Berth runs in its own way.")
_OF_SHELL = msg("A variable of the command itself, which the container does not get.")
_CREATE = msg("Berth starts the container as well.")
_UNKNOWN = msg("Podman and Docker have no such option: check whether the image is the right word.")
_NO_HEALTH_COMMAND = msg("It has no effect without a health command.")


class Unreadable(ValueError):
    """Raised for text that is not a run line. The message says why."""


@dataclass(frozen=True)
class LeftOut:
    """A part without a field, with secrets masked, the reason, and its location."""

    option: str
    reason: str
    line: int = 0
    """Counted from 1; 0 if there is no text to point to."""
    column: int = 0


@dataclass
class RunLine:
    """Values for the fields of ContainerRun, and the parts that were left out."""

    values: dict[str, Any] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


def read(text: str) -> RunLine:
    """Read the first run line of a text as a shell would. Raises only Unreadable."""
    if "\0" in text or len(text) > _LONGEST:
        raise Unreadable(msg("That is too long, or no text."))
    text = text.replace("\r\n", "\n")
    if prompt := _PROMPT.match(text):
        text = " " * prompt.end() + text[prompt.end() :]
    places = shell.Places(text)
    try:
        script = shell.parse(text)
    except shell.Unclosed as error:
        line, column = places(error.start)
        raise Unreadable(
            msg(
                "The quote that begins in line %(line)s, column %(column)s has no end.",
                line=line,
                column=column,
            )
            if error.quote
            else msg(
                "The substitution that begins in line %(line)s, column %(column)s has no end.",
                line=line,
                column=column,
            )
        ) from None
    heads = [_head([word.value for word in each.words]) for each in script.commands]
    at = next((n for n, head in enumerate(heads) if head and head.verb), None)
    if at is None:
        raise Unreadable(_no_run_line(heads))
    reading = _Reading(script.commands[at].words, places)
    head = heads[at]
    assert head is not None  # noqa: S101 - it was found by its verb
    _say_others(reading, script, at)
    reading.read(head)
    return reading.finished()


def read_arguments(argv: Sequence[str]) -> RunLine:
    """Read a command that a shell has already split. Raises only Unreadable."""
    head = _head(list(argv))
    if head is None or not head.verb:
        raise Unreadable(_no_run_line([head]))
    reading = _Reading([Word(value) for value in argv], None)
    reading.read(head)
    return reading.finished()


@dataclass(frozen=True)
class _Head:
    """The words before the options: the verb (run, create, or "" for another) and where it ends."""

    verb: str
    end: int
    notes: tuple[tuple[int, int, str], ...] = ()
    """Ranges of words (from, to) that have no effect here, and why."""


def _head(words: list[str]) -> _Head | None:
    """Return None if the words do not call podman or docker."""
    at = 0
    notes: list[tuple[int, int, str]] = []
    while at < len(words):
        if words[at] == "sudo":
            at += 1
            while at < len(words) and words[at].startswith("-"):
                length = 2 if words[at] in _SUDO_VALUES else 1
                notes.append((at, at + length, _OF_SUDO))
                at += length
        elif _ASSIGNMENT.fullmatch(words[at]):
            notes.append((at, at + 1, _OF_SHELL))
            at += 1
        elif words[at] in _PREFIXES:
            at += 1
        else:
            break
    if at >= len(words) or words[at].rsplit("/", 1)[-1] not in PROGRAMS:
        return None
    at += 1
    while at < len(words) and words[at].startswith("-"):
        length = 2 if words[at] in options.OF_PROGRAM else 1
        notes.append((at, at + length, _OF_PROGRAM))
        at += length
    if words[at : at + 1] == ["container"]:
        at += 1
    verb = words[at] if words[at : at + 1] in (["run"], ["create"]) else ""
    return _Head(verb, at + 1, tuple(notes))


def _no_run_line(heads: list[_Head | None]) -> str:
    if any(heads):
        return msg("Only `run` (or `create`) lines can be read.")
    return msg("Paste a line that begins with `podman run` or `docker run`.")


def _say_others(reading: "_Reading", script: shell.Script, at: int) -> None:
    """List other commands, redirections, and comments. None of them becomes an argument."""
    own = script.commands[at]
    earlier = [each for each in script.commands[:at] if _has_content(each)]
    later = [each for each in script.commands[at + 1 :] if _has_content(each)]
    for commands in (earlier, later):
        if commands:
            words = [word for each in commands for word in _all_words(each)]
            reading.say(words, _ANOTHER_COMMAND, _start(commands[0]))
    for span in own.redirections:
        reading.say(list(span.words), _REDIRECTION, span.start)
    for span in script.comments:
        reading.say(list(span.words), _COMMENT, span.start)


def _has_content(command: shell.Command) -> bool:
    return bool(command.words or command.redirections)


def _start(command: shell.Command) -> int:
    if command.separator.strip() and command.separator not in (";", "(", ")"):
        return command.start
    return command.words[0].start if command.words else command.redirections[0].start


def _all_words(command: shell.Command) -> list[str]:
    separator = command.separator if command.separator in ("&&", "||", "|", "|&", "&") else ""
    words = [word.value for word in command.words]
    redirected = [word for span in command.redirections for word in span.words]
    return [*([separator] if separator else []), *words, *redirected]


class _Reading:
    def __init__(self, words: list[Word], places: shell.Places | None) -> None:
        self._words = words
        self._places = places
        self._line = RunLine()
        self._found: list[tuple[int, LeftOut]] = []
        self._health: list[tuple[str, int]] = []
        """Options of a health check other than its command, as written, with their positions."""

    def read(self, head: _Head) -> None:
        for start, end, reason in head.notes:
            words = [word.value for word in self._words[start:end]]
            self.say(words, reason, self._words[start].start)
        if head.verb == "create" and self._places:
            self.say(["create"], _CREATE, self._words[head.end - 1].start)
        at = self._read_options(head.end)
        if at >= len(self._words):
            raise Unreadable(msg("There is no image after the options."))
        image, *command = self._words[at:]
        self._line.values["image"] = image.value
        if command:
            self._line.values["command_line"] = [word.value for word in command]
        for word in (image, *command):
            if word.expansions:
                self.say([word.value], _KEPT_AS_IT_IS, word.start)
            elif word.has_pattern:
                self.say([word.value], _KEPT_PATTERN, word.start)
        health = self._line.values.get("health")
        if health is not None and not health.get("command"):
            del self._line.values["health"]
            for shown, start in self._health:
                self.say([shown], _NO_HEALTH_COMMAND, start)

    def _read_options(self, at: int) -> int:
        """Read the options from `at` on. Return the position of the image."""
        while at < len(self._words):
            word = self._words[at]
            if word.value == "--":
                return at + 1
            if not word.value.startswith("-") or word.value == "-":
                return at
            at += 1
            for option, value in options.split_option(word.value):
                given = [word]
                if value is None and options.option_takes_value(option):
                    if at >= len(self._words):
                        raise Unreadable(msg("%(option)s has no value.", option=option[:_SHOWN]))
                    given.append(self._words[at])
                    value = given[-1].value
                    at += 1
                self._take(option, value, given)
        return at

    def _take(self, written: str, value: str | None, words: list[Word]) -> None:
        option = options.BY_NAME.get(written)
        shown = [written] if value is None else [written, value]
        start = words[0].start
        if option is None:
            self.say(shown, _UNKNOWN, start)
            return
        try:
            if any(word.expansions for word in words) and (
                value is not None or option.shape is Shape.BOOL
            ):
                raise ValueError(_FOR_SHELL)
            if option.shape is Shape.BOOL:
                self._take_switch(option, value)
            elif option.take:
                values.READERS[option.take](self._line.values, value or "")
                if option.take.startswith("health_") and option.take != "health_command":
                    self._health.append((f"{written} {value}", start))
            else:
                raise ValueError(option.reason)
        except ValueError as error:
            self.say(shown, str(error), start)

    def _take_switch(self, option: options.Option, value: str | None) -> None:
        on = values.switch(value)
        if option.take == "detach":
            return
        if option.take:
            values.take_switch(self._line.values, option.take, value)
        elif on is not option.usual:
            raise ValueError(option.reason)

    def say(self, words: list[str], reason: str, start: int) -> None:
        """List a part as left out."""
        line, column = self._places(start) if self._places else (0, 0)
        self._found.append((start, LeftOut(_shown(words), reason, line, column)))

    def finished(self) -> RunLine:
        self._found.sort(key=lambda each: each[0])
        self._line.left_out = [each for _, each in self._found]
        return self._line


def _shown(words: list[str]) -> str:
    """Return the words for display: shortened and with secrets masked."""
    found: list[str] = []
    is_login = "login" in words
    for at, word in enumerate(words[:_SHOWN]):
        before = words[at - 1] if at else ""
        hidden = before in _CREDENTIALS or (is_login and before == "-p")
        hidden = hidden or (
            before.startswith("--")
            and "=" not in before
            and before not in options.BY_NAME
            and bool(SECRET_WORDS.search(before))
        )
        found.append(REDACTED if hidden else redact_word(word[:4_000]))
    whole = " ".join(found)
    return whole if len(whole) <= _SHOWN else f"{whole[: _SHOWN - 1]}…"
