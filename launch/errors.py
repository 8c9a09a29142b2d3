"""Why Berth cannot start, in one line, and what to do about it."""


class Refusal(Exception):
    """Raised by set-up steps; shown as one line, and ends the start with status 1."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")


def say(text: str) -> None:
    """One line to the person at the terminal, at once."""
    print(f"berth: {text}", flush=True)
