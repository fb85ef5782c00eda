"""A context entered in a thread is always left, whatever happens in between."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from qwave_batch.api.folder_session import in_thread


class SlowResource:
    """Remembers what was done, and in which threads."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.threads: set[int] = set()
        self.may_open, self.is_reached = threading.Event(), threading.Event()

    @contextmanager
    def opened(self) -> Iterator["SlowResource"]:
        self.threads.add(threading.get_ident())
        self.is_reached.set()
        assert self.may_open.wait(10)
        self.done.append("opened")
        try:
            yield self
        except KeyError:
            self.done.append("took a KeyError")
        finally:
            self.threads.add(threading.get_ident())
            self.done.append("closed")


def test_a_manager_is_entered_and_left_in_threads() -> None:
    resource = SlowResource()
    resource.may_open.set()

    async def way() -> None:
        async with in_thread(resource.opened()) as value:
            assert value is resource
            assert resource.done == ["opened"]

    asyncio.run(way())
    assert resource.done == ["opened", "closed"]
    assert threading.get_ident() not in resource.threads


@pytest.mark.parametrize(("error", "is_taken"), [(KeyError("x"), True), (ValueError("x"), False)])
def test_an_error_goes_through_the_manager(error: Exception, *, is_taken: bool) -> None:
    resource = SlowResource()
    resource.may_open.set()

    async def way() -> None:
        async with in_thread(resource.opened()):
            raise error

    if is_taken:
        asyncio.run(way())
    else:
        with pytest.raises(type(error)):
            asyncio.run(way())
    assert resource.done[-1] == "closed"


def test_one_who_is_cancelled_while_it_opens_leaves_it_closed() -> None:
    resource = SlowResource()

    async def enter() -> None:
        async with in_thread(resource.opened()):
            pytest.fail("it was cancelled before")

    async def way() -> None:
        entering = asyncio.create_task(enter())
        await asyncio.to_thread(resource.is_reached.wait, 10)
        entering.cancel()
        await asyncio.sleep(0)
        resource.may_open.set()
        with suppress(asyncio.CancelledError):
            await entering
        assert entering.cancelled()

    asyncio.run(way())
    assert resource.done == ["opened", "closed"]
