"""An argument vector as a text for Bash, which asks for the secrets that Berth does not keep."""

import re
import shlex
from collections.abc import Iterable

from engine.schema.parameters import REDACTED

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MASKED = re.compile(rf"(--(?:env|build-arg)=)?([^=]+)={REDACTED}", re.DOTALL)
_TAKE_VARIABLES = ("--env", "-e", "--build-arg")


def shell_text(argv: Iterable[str]) -> str:
    """A text that a shell reads back as `argv`.

    A masked value of a variable is none that Podman should get: the shell asks for it first, and
    hands it on by its name, so that it is in no command line. All is one list of commands: pasted,
    it runs when its last line is there.
    """
    steps: list[str] = []
    words: list[str] = []
    before = ""
    options = True
    for word in argv:
        options = options and word != "--"
        masked = _MASKED.fullmatch(word) if options else None
        if masked and (masked[1] or before in _TAKE_VARIABLES):
            words.append(_asked(masked[1] or "", masked[2], steps))
        else:
            words.append(shlex.quote(word))
        before = word
    return " &&\n".join([*steps, " ".join(words)])


def _asked(option: str, name: str, steps: list[str]) -> str:
    prompt = shlex.quote(f"{name}: ")
    if _VARIABLE.fullmatch(name):
        steps.append(f"printf %s {prompt} && IFS= read -rs {name} && export {name}")
        return f"{option}{name}"
    variable = f"secret_{len(steps) + 1}"
    steps.append(f"printf %s {prompt} && IFS= read -rs {variable}")
    return f'{shlex.quote(f"{option}{name}=")}"${variable}"'
