"""Workers that are threads of this process."""

import platform
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from qwave_batch.executors.workers import AHEAD, FromNode, Item, Result, Setup, Work


class LocalWorkers:
    """``Workers`` in threads, which share the interpreter: for work that waits, or that lets others run meanwhile."""

    def __init__(self, count: int) -> None:
        self._count = count

    @property
    def count(self) -> int:
        """How many there are."""
        return self._count

    def map(self, work: Work[Setup, Item, Result], items: Iterable[Item], *, ahead: int = AHEAD) -> Iterator[Result]:
        """Yield the result of each item, in order; see ``Workers.map``."""
        opened = threading.local()

        def do(item: Item) -> Result:
            function: Callable[[Item], Result] | None = getattr(opened, "function", None)
            if function is None:
                function = opened.function = work.open(work.setup)
            return function(item)

        waiting: deque[Future[Result]] = deque()
        with ThreadPoolExecutor(self._count, "work") as pool:
            try:
                for item in items:
                    if len(waiting) >= max(1, ahead) * self._count:
                        yield waiting.popleft().result()
                    waiting.append(pool.submit(do, item))
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def on_each_node(self, work: Work[Setup, Item, Result], item: Item) -> Sequence[FromNode[Result]]:
        """Return the result of one item on the one machine that there is."""
        return [FromNode(platform.node(), work.open(work.setup)(item))]
