"""Many cases of one fact in one test: what pytest does around a test takes longer than most of them."""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import pytest

Test: TypeAlias = Callable[..., None]
SHOWN = 20
_PARAM: Any = type(pytest.param())


def in_one_test(names: str | Sequence[str], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """Try a test with every case, as ``parametrize`` does, but in one test; what fails is shown with its values."""
    mine = [names] if isinstance(names, str) else list(names)
    listed = list(_values(cases, is_one=isinstance(names, str)))

    def of(test: Test) -> Test:
        @functools.wraps(test)
        def tried(**others: Any) -> None:
            assert listed, "there is not one case"
            failed: list[BaseException] = []
            for values in listed:
                given = dict(zip(mine, values, strict=True))
                try:
                    test(**given, **others)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - each is a failure of its case
                    error.add_note(f"with {given!r}")
                    failed.append(error)
            if failed:
                told = f"{len(failed):,} of {len(listed):,} cases fail; at most {SHOWN} are shown"
                raise BaseExceptionGroup(told, failed[:SHOWN])

        signature = inspect.signature(test)
        others = [part for name, part in signature.parameters.items() if name not in mine]
        vars(tried)["__signature__"] = signature.replace(parameters=others)
        return tried

    return of


def _values(cases: Iterable[Any], *, is_one: bool) -> Iterator[Sequence[Any]]:
    for case in cases:
        if isinstance(case, _PARAM):
            yield case.values
        else:
            yield (case,) if is_one else case
