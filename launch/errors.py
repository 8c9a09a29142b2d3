"""Errors of set-up: one line that says why Berth cannot start, and what to do."""


class SetupError(Exception):
    """Raised by set-up steps. It is printed as one line and ends the start with status 1."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")


def say(text: str) -> None:
    """Print one line on the terminal at once."""
    print(f"berth: {text}", flush=True)
