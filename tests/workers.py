"""The scheduler of pytest-xdist's workers, based on the tables in `tests.schedule`."""

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from xdist.scheduler import LoadScopeScheduling

from tests.schedule import ALONE, COST, WHOLE

LAST = "alone"
LAB = "tests/lab/"
"""The folder whose hosts are prepared beside other tests, if they do not exist yet."""


def unit(nodeid: str) -> str:
    """Return what one worker runs in one piece: a file, or more."""
    file = nodeid.partition("::")[0]
    if file in ALONE:
        return LAST
    for place, whole in WHOLE.items():
        if file == place or file.startswith(f"{place}/"):
            return whole
    return file


def family(of: str) -> str:
    """Return the folder whose files share expensive fixtures; "" for all others."""
    if of in WHOLE.values():
        return of
    return next((each for each in COST if of == each or of.startswith(f"{each}/")), "")


class Schedule(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps a worker in its family; otherwise starts a free one; otherwise lets it help."""

    def __init__(self, config: Any, log: Any) -> None:
        super().__init__(config, log)
        self._at: dict[Any, str] = {}

    def schedule(self) -> None:
        """Schedule when every worker has reported its collection, and when one is replaced."""
        if self.collection is None and any(each.startswith(LAB) for each in self._collected()):
            making = subprocess.Popen([sys.executable, "-m", "tests.lab.prepare"])
            self.config.add_cleanup(making.terminate)
        super().schedule()

    def _collected(self) -> Sequence[str]:
        return next(iter(self.registered_collections.values()), ())

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)

    def add_node_collection(self, node: Any, collection: Sequence[str]) -> None:
        """Use the first worker's names: a name may contain what differs, such as the time."""
        first = self._collected() or collection
        same = [each.partition("[")[0] for each in first] == [
            each.partition("[")[0] for each in collection
        ]
        super().add_node_collection(node, first if same else collection)

    def _assign_work_unit(self, node: Any) -> None:
        waiting = [each for each in self.workqueue if each != LAST]
        if not waiting and len(self.nodes) > 1:
            # One worker stays for files that run alone, until the others have left.
            if any(not other.shutting_down for other in self.nodes if other is not node):
                node.shutdown()
            return
        chosen = self._best(node, waiting) if waiting else LAST
        self._at[node] = family(chosen)
        self.workqueue.move_to_end(chosen, last=False)
        super()._assign_work_unit(node)

    def _best(self, node: Any, waiting: list[str]) -> str:
        families: dict[str, list[str]] = {}
        for each in waiting:
            families.setdefault(family(each), []).append(each)
        own = self._at.get(node, "")
        if own and own in families:
            return families[own][0]
        taken = {self._at.get(other) for other in self.nodes if other is not node}

        def rank(name: str) -> tuple[bool, float]:
            share = len(families[name]) / self._units[name]
            return (name not in taken, COST.get(name, 0) * share)

        return families[max(families, key=rank)][0]

    @cached_property
    def _units(self) -> Counter[str]:
        """Return how many units each family had at first."""
        return Counter(family(each) for each in {unit(nodeid) for nodeid in self.collection})

    def remove_node(self, node: Any) -> str | None:
        crashed: str | None = super().remove_node(node)
        if self.workqueue:
            for other in self.nodes:
                self._reschedule(other)
        return crashed
