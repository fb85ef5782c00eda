"""Paths to values inside a spec, and how people write them: ``matrix.seed[2]``."""

import re
from collections.abc import Iterator
from typing import TypeAlias

ValuePath: TypeAlias = tuple[str | int, ...]
"""The keys and indexes that lead to a value inside a spec: ``("matrix", "seed", 2)``."""

# keys have a maximum length; an unbounded search for the end of one would be slow
_PATH_STEP = re.compile(r'\["(?P<quoted>.{0,1000}?)"\]|\[(?P<index>\d+)\]|\.?(?P<plain>[^\s.\[\]"\']+)', re.DOTALL)
_PLAIN_KEY = re.compile(r"[^\s.\[\]\"']+")


def path_text(path: ValuePath) -> str:
    """Return the path as people write it; a key with special characters is in brackets and quotes."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text


def steps_of(path: str) -> ValuePath:
    """Return the steps of a path that ``path_text`` wrote."""
    return tuple(_steps(path))


def _steps(path: str) -> Iterator[str | int]:
    for match in _PATH_STEP.finditer(path):
        yield int(match["index"]) if match["index"] else match["quoted"] or match["plain"]
