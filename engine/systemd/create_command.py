"""Parse the command line that created a container (stored by Podman as CreateCommand)."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from engine.schema import mounts
from engine.schema.run_line import option_takes_value, split_option


@dataclass(frozen=True)
class Given:
    """An option as written: its words, combined switches (`-itv/data`), and its value."""

    words: list[str]
    switches: list[str]
    option: str
    value: str

    @property
    def target(self) -> str:
        """Return the target of a volume or mount option; "" for other options."""
        found = ""
        if self.option in ("-v", "--volume"):
            *_, found = self.value.split(":", 2)[:2]
        elif self.option == "--mount":
            found = mounts.options(self.value).get("target") or ""
        return str(PurePosixPath(found)) if found else ""

    def with_source(self, name: str) -> list[str]:
        """Return the same option with a volume's name as its source."""
        if self.option == "--mount":
            kept = [
                each
                for each in self.value.split(",")
                if mounts.CANONICAL.get(key := each.partition("=")[0], key) != "source"
            ]
            return [f"--mount={','.join([*kept, f'source={name}'])}"]
        parts = self.value.split(":")
        rest = parts[1:] if len(parts) > 1 else parts
        return [*self.switches, f"--volume={':'.join([name, *rest])}"]


def place(words: list[str]) -> int | None:
    """Return the position of `run` or `create` in a command that creates one container.

    None for others: the API's own (`podman system service`, which Podman before 5.4 records), or
    `podman kube play`.
    """
    at = next((n for n, each in enumerate(words[:8]) if each in ("run", "create")), None)
    others = {"service", "play", "kube", "compose", "pod"}
    return None if at is None or others & set(words[:at]) else at


def split(words: list[str]) -> tuple[list[str], list[Given], list[str]]:
    """Split a command: words before its options, the options, and the image with its arguments."""
    at = 1 + next((n for n, each in enumerate(words[:8]) if each in ("run", "create")), 0)
    before, options = words[:at], []
    while at < len(words) and words[at].startswith("-") and words[at] not in ("-", "--"):
        start = at
        *switches, (option, value) = split_option(words[at])
        at += 1
        if value is None and option_takes_value(option) and at < len(words):
            value, at = words[at], at + 1
        joined = [name for name, _ in switches]
        options.append(Given(words[start:at], joined, option, value or ""))
    return before, options, words[at:]
