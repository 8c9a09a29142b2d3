"""Convert an argument vector to text for Bash. Bash prompts for the secrets that Berth omits."""

import re
import shlex
from collections.abc import Iterable

from engine.schema.parameters import REDACTED

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MASKED = re.compile(rf"(--(?:env|build-arg)=)?([^=]+)={REDACTED}", re.DOTALL)
_TAKE_VARIABLES = ("--env", "-e", "--build-arg")


def shell_text(argv: Iterable[str]) -> str:
    """Return a text that a shell parses back into `argv`.

    Podman must not get the mask of a secret variable. Instead, the shell prompts for the value and
    passes it on by name, so that no command line contains it. The text is one list of commands:
    when pasted, it runs only after its last line.
    """
    steps: list[str] = []
    words: list[str] = []
    before = ""
    options = True
    for word in argv:
        options = options and word != "--"
        masked = _MASKED.fullmatch(word) if options else None
        if masked and (masked[1] or before in _TAKE_VARIABLES):
            words.append(_prompted(masked[1] or "", masked[2], steps))
        else:
            words.append(shlex.quote(word))
        before = word
    return " &&\n".join([*steps, " ".join(words)])


def _prompted(option: str, name: str, steps: list[str]) -> str:
    prompt = shlex.quote(f"{name}: ")
    if _VARIABLE.fullmatch(name):
        steps.append(f"printf %s {prompt} && IFS= read -rs {name} && export {name}")
        return f"{option}{name}"
    variable = f"secret_{len(steps) + 1}"
    steps.append(f"printf %s {prompt} && IFS= read -rs {variable}")
    return f'{shlex.quote(f"{option}{name}=")}"${variable}"'
