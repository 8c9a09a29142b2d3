"""Convert build output into steps with times."""

import re
import time
from collections import deque

from engine.schema.builds import step_of
from engine.schema.messages import msg
from engine.schema.progress import Progress, Step

LAST_LINES = 12
_CACHED = re.compile(r"^--> Using cache ")
_AT_STEP = re.compile(r'^building at STEP ".*": ')
_DONE = re.compile(r"^(-->|COMMIT|Successfully tagged|\[\d+/\d+\] COMMIT)\b|^--> ")


class Steps:
    """The steps of one build so far. Pass each line to `hear`."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._totals: dict[str, int] = {}
        self._began = time.monotonic()
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._error = ""

    def hear(self, line: str) -> bool:
        """Process a line. Return whether the display changes."""
        if found := step_of(line):
            self._close("done")
            name, instruction = found
            stage, _, number = name.rpartition(" ")
            self._totals[stage] = int(number.partition("/")[2] or 0)
            self._steps.append(Step(id=name, label=instruction[:300], status="running"))
            self._last.clear()
            return True
        if line.startswith("Error: "):
            # Berth's own sentence names the step, so drop Podman's.
            self._error = _AT_STEP.sub("", line.removeprefix("Error: "))
            return False
        if _DONE.match(line):
            self._close("cached" if _CACHED.match(line) else "done")
            return True
        if line.strip():
            self._last.append(line)
        return False

    def fail(self) -> str:
        """Mark the current step as failed. Return a sentence about it, or "" if there is none."""
        if not self._steps or self._steps[-1].status != "running":
            return ""
        step = self._steps[-1]
        self._close("failed")
        return msg("Step %(id)s failed: %(label)s", id=step.id, label=step.label)

    def finish(self) -> None:
        """Mark the build as successful."""
        self._close("done")

    @property
    def error(self) -> str:
        """Return the program's error message."""
        return self._error

    @property
    def last_lines(self) -> str:
        """Return the last output of the current step."""
        return "\n".join(self._last)

    def progress(self, message: str) -> Progress:
        """Return the progress of all steps."""
        done = sum(1 for step in self._steps if step.status.startswith(("done", "cached")))
        return Progress(
            message=message,
            unit="steps",
            current=done,
            total=sum(self._totals.values()) or None,
            steps=self._steps[-200:],
        )

    def _close(self, status: str) -> None:
        now = time.monotonic()
        if self._steps and self._steps[-1].status == "running":
            shown = status if status == "cached" else f"{status}, {now - self._began:.1f} s"
            self._steps[-1] = self._steps[-1].model_copy(update={"status": shown})
        self._began = now
