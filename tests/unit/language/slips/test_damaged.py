"""Every mistake in a spec, at one place or two, ends in messages with places."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.api.spec_files import check_spec
from qwave_batch.model.problem import Problem

SPEC: dict[str, Any] = {
    "version": 1,
    "name": "ropes",
    "catalog": "2026-05",
    "description": "what for",
    "vars": {"look": {"light": "soft"}, "hues": ["red", "blue"]},
    "request": {"model": "z-image-turbo", "n": 1},
    "prompts": [
        "A rope in {{ colour }} {{ fibre.w }} {{ draw }} {{ mood2 }}",
        {"id": "b", "text": "{{ look.light }} {{ mood }}", "vars": {"mood": "calm"}, "tags": ["a"], "meta": {"k": 1}},
        {"from": "rows.csv", "text": "{{ row.a }}", "where": "{{ row.a != 'x' }}", "limit": 2},
        {"from": "rows.csv", "text": "{{ row.a }}", "sample": {"count": 1, "seed": 2}, "id": "r-{{ row_number }}"},
    ],
    "matrix": {
        "colour": "{{ hues }}",
        "seed": {"start": 1, "count": 2, "step": 1},
        "vars.draw": {"random": {"count": 2, "seed": 1}},
        "fibre": [{"id": "A", "w": "x{{ hues[0] }}", "request": {"resolution": "1K"}}, {"id": "B", "w": "{{ 1 + 1 }}"}],
        "exclude": [{"colour": "red", "seed": 1}],
        "include": [{"fibre": "A", "aspect_ratio": "1:1"}, {"mood2": "{{ hues[1] }}"}],
    },
    "sample": {"count": 3, "seed": 1},
    "repeat": 1,
    "unsupported": "skip",
    "limits": {"concurrency": 4, "models": {"z-image-turbo": {"concurrency": 2}}},
    "retry": {"attempts": 2},
    "timeout": 60,
    "completion": "poll",
    "budget": {"max_usd": 3},
    "output": {"path": "{{ model }}/{{ prompt.id }}-{{ job_id }}"},
}
WRONG: tuple[Any, ...] = (
    None,
    5,
    -1.5,
    True,
    "word",
    "{{ nothing }}",
    "{{ 1 }}",
    [],
    {},
    [[1]],
    {"a": 1},
    [None],
    "{{ hues }}",
)

Way = tuple[str | int, ...]


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    if way:
        yield way
    for step, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from ways(item, (*way, step))


def holder(spec: Any, way: Way) -> Any:
    for step in way[:-1]:
        spec = spec[step]
    return spec


def put(spec: Any, way: Way, value: Any) -> None:
    holder(spec, way)[way[-1]] = value


def rename(spec: Any, way: Way) -> None:
    within = holder(spec, way)
    if isinstance(within, dict):
        old, new = way[-1], str(way[-1])[:-1] + "x"
        fields = {new if key == old else key: item for key, item in within.items()}
        within.clear()
        within.update(fields)


def drop(spec: Any, way: Way) -> None:
    del holder(spec, way)[way[-1]]


def misspelt(spec: Any, way: Way) -> None:
    """Misspell the key at the top, too."""
    spec[f"{way[0]}s"] = spec.pop(way[0])


@pytest.fixture
def said_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[Problem]]:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("a\nred\nblue\n", encoding="utf-8")

    def said_of(spec: Any) -> list[Problem]:
        Path("spec.yaml").write_text(json.dumps(spec), encoding="utf-8")
        found = check_spec("spec.yaml")
        assert all(problem.place for problem in found), spec
        assert not [problem for problem in found if "_Unknown" in str(problem)], spec
        return found

    return said_of


def test_the_spec_is_right_to_begin_with(said_of: Callable[[Any], list[Problem]]) -> None:
    assert said_of(SPEC) == []


def test_one_wrong_value_at_any_place(said_of: Callable[[Any], list[Problem]]) -> None:
    for number, way in enumerate(ways(SPEC)):
        for turn in range(2):  # of all values in turn, since every place with each takes long
            spec = copy.deepcopy(SPEC)
            put(spec, way, WRONG[(2 * number + turn) % len(WRONG)])
            if number % 3 == 0:
                misspelt(spec, way)
            said_of(spec)


def test_keys_that_are_dropped_or_misspelt(said_of: Callable[[Any], list[Problem]]) -> None:
    for way in ways(SPEC):
        for damage in (drop, rename):
            spec = copy.deepcopy(SPEC)
            damage(spec, way)
            said_of(spec)


def test_two_slips_at_once(said_of: Callable[[Any], list[Problem]]) -> None:
    draw = random.Random(7)  # the same specs every time
    every = list(ways(SPEC))
    for _ in range(100):
        spec = copy.deepcopy(SPEC)
        for _ in range(draw.choice((2, 3))):
            way = draw.choice(every)
            try:
                damage = draw.choice((drop, rename, misspelt, None))
                damage(spec, way) if damage else put(spec, way, draw.choice(WRONG))
            except (KeyError, IndexError, TypeError, AttributeError):
                continue  # the first slip took the place of the second away
        said_of(spec)
