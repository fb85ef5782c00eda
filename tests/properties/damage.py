"""Ways in which files get damaged: by slips of an editor, broken copies, bad merges, and programs that write badly."""

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from hypothesis import strategies as st

Path: TypeAlias = tuple[int, ...]
"""A way down: the number of the child at each level."""


class Written(str):
    """YAML as it stands: emitted without quotes."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """A mapping that may hold a key twice."""

    __slots__ = ()


# fmt: off
WRONG_VALUES: tuple[Any, ...] = (
    "", " ", "x", "a: b", "{{ x }}", "{{", "{% if %}", "{# open", "{{{a}}}", "\n", "a\r", "\ufeffa", "a\u2028b", "é",
    "1-5", "${HOME}", "{red|blue}", "../../x.csv", "/etc/hostname", "{{ row.a }}", "{{ prompt }}", "{{ row }}",
    "{{ 1 / 0 }}", "[1, 2]", "{{ [1, 2] }}", "{{ {'a': 1} }}", "{{ none }}",
    0, 1, -1, 7, 2**53, -(2**63), 10**400, 0.0, -0.0, 1.5, 1e308, True, False, None,
    [], [[]], [None], [1], ["x"], [{}], {}, {"x": 1}, {"x": {"y": []}}, {"start": 1, "count": 3}, {"random": 1},
    {"count": -1}, {"text": "x"}, {"id": "x"}, {"from": "t.csv"},
    *map(Written, (
        "", "~", "1.10", "007", "1e3", ".nan", "-.inf", "2026-11-28", "yes", "x #y", "# y", "*a", "&a x", "!!set {a}",
        "!!binary aGk=", "!!python/object:os.system x", "[a, b", "{a: ", "'x", "|", ">-", "<<", "? a", "- - -", "@",
    )),
)
"""Every kind of value, most of which are wrong at most places."""

_TEXTS = (
    "\0", "\t", "\r", "\n", "\r\n", "\n\n", "\x85", "\u2028", "\ufeff", '"', "'", '""', ",", ";", ":", ": ", "- ", "#",
    " #", "{", "}", "[", "]", "{{", "}}", "{%", "%}", "{#", "\\", "\\u0000", "\\ud800", "null", "NaN", "Infinity", "-",
    "1e999", "&a ", "*a", "<<: ", "!!", "---\n", "...\n", "%YAML 9\n", "? ", "|", "é",
    "version https://git-lfs.github.com/spec/v1\n",
)
_BYTES = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xff\xfe", b"\x1f\x8b", b"PAR1")
# fmt: on
SNIPPETS = (*(text.encode() for text in _TEXTS), *_BYTES)


def paired(value: Any) -> Any:
    """Return a value with every mapping in it as Pairs."""
    if isinstance(value, Pairs):
        return value
    if isinstance(value, dict):
        return Pairs((key, paired(of_key)) for key, of_key in value.items())
    return [paired(item) for item in value] if isinstance(value, list) else value


def as_yaml(value: Any, indent: int = 0) -> str:
    """Return a value in block style, with texts as JSON, which is YAML; to be put behind ``key:`` or ``-``."""
    pad = "\n" + "  " * indent
    if isinstance(value, Written):
        return f" {value}"
    if isinstance(value, Pairs) and value:
        return "".join(f"{pad}{key}:{as_yaml(of_key, indent + 1)}" for key, of_key in value)
    if isinstance(value, list) and value and not isinstance(value, Pairs):
        return "".join(f"{pad}-{as_yaml(item, indent + 1)}" for item in value)
    return " " + json.dumps({} if isinstance(value, Pairs) else value)


def places(value: Any, path: Path = ()) -> list[Path]:
    """Return the way to every value."""
    children = [of_key for _, of_key in value] if isinstance(value, Pairs) else value if isinstance(value, list) else ()
    return [path, *(way for number, child in enumerate(children) for way in places(child, (*path, number)))]


def misspelt(draw: st.DrawFn, key: str) -> str:
    """Return a key with one slip of the keyboard in it."""
    at = draw(st.integers(0, len(key)))
    return draw(
        st.sampled_from(
            (key[:at] + key[at + 1 :], key[:at] + "t" + key[at:], key.upper(), key.title(), f"{key}s", f"{key} ")
        )
    )


@st.composite
def damaged_structures(draw: st.DrawFn, wholes: Sequence[Any], most: int = 3) -> Any:
    """Draw one of the wholes with values of wrong kinds in it, and keys left out, doubled, misspelt or moved."""
    whole = paired(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(1, most))):
        whole = _damaged_once(draw, whole)
    return whole


def _damaged_once(draw: st.DrawFn, whole: Any) -> Any:
    way = draw(st.sampled_from(places(whole)))
    wrong = paired(draw(st.sampled_from(WRONG_VALUES)))
    if not way:
        return wrong if draw(st.integers(0, 19)) == 0 else whole
    parent = whole
    for step in way[:-1]:
        parent = parent[step][1] if isinstance(parent, Pairs) else parent[step]
    at = way[-1]
    what = draw(st.sampled_from(("value", "value", "value", "drop", "double", "key", "move")))
    if what == "drop":
        del parent[at]
    elif what == "double":
        parent.insert(draw(st.integers(0, len(parent))), parent[at])
    elif what == "move":
        taken = parent.pop(at)
        parent.insert(0, taken)
    elif not isinstance(parent, Pairs):
        parent[at] = wrong
    elif what == "key":
        parent[at] = (misspelt(draw, parent[at][0]), parent[at][1])
    else:
        parent[at] = (parent[at][0], wrong)
    return whole


@st.composite
def damaged_bytes(draw: st.DrawFn, wholes: Sequence[bytes], most: int = 3) -> bytes:
    """Draw one of the files cut off, put together of two, with lines out of order, or with odd bytes in it."""
    data = draw(st.sampled_from(wholes))
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.integers(0, len(data)))
        lines = data.splitlines(keepends=True)
        number = draw(st.integers(0, max(0, len(lines) - 1)))
        match draw(
            st.sampled_from(
                ("put in", "put in", "put over", "cut", "drop", "double line", "drop line", "move line", "join")
            )
        ):
            case "put in":
                data = data[:at] + draw(st.sampled_from(SNIPPETS)) + data[at:]
            case "put over":
                snippet = draw(st.sampled_from(SNIPPETS))
                data = data[:at] + snippet + data[at + len(snippet) :]
            case "cut":
                data = data[:at]
            case "drop":
                data = data[:at] + data[at + draw(st.integers(1, 8)) :]
            case "double line":
                data = b"".join((*lines[: number + 1], *lines[number:]))
            case "drop line":
                data = b"".join((*lines[:number], *lines[number + 1 :]))
            case "move line":
                data = b"".join((*lines[number : number + 1], *lines[:number], *lines[number + 1 :]))
            case _:
                data += draw(st.sampled_from(wholes))
    return data
