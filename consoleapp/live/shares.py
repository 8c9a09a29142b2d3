"""Limit each user's share of a common resource, so that nobody takes everything."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Shares:
    """Counts what each user has open in this process."""

    def __init__(self, most: int, of_all: int = 0, at_least: int = 4) -> None:
        """Allow `most` for each user; fewer, down to `at_least`, if many share `of_all`."""
        self._most, self._of_all, self._at_least = most, of_all, at_least
        self._open: Counter[int] = Counter()

    def of(self, user: int) -> int:
        """Return how many the user may have open now."""
        if not self._of_all:
            return self._most
        users = len(self._open.keys() | {user})
        return min(self._most, max(self._at_least, self._of_all // users))

    def is_used_up(self, user: int) -> bool:
        """Return whether the user may not open one more."""
        return self._open.get(user, 0) >= self.of(user)

    @contextmanager
    def one(self, user: int) -> Iterator[None]:
        """Count one more for the duration of the block."""
        self.add(user)
        try:
            yield
        finally:
            self.remove(user)

    def add(self, user: int) -> None:
        """Count one more."""
        self._open[user] += 1

    def remove(self, user: int) -> None:
        """Count one fewer."""
        self._open[user] -= 1
        if self._open[user] <= 0:
            del self._open[user]
