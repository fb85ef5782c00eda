"""Every pattern of the package takes a time that grows with the text and not with its square."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.package_code import TREES
from tests.unit.spec.limited import run_limited

ROOT = Path(__file__).parents[2]
LENGTH = 5_000
TRY = r"""
import json, re, sys
length = int(sys.argv[1])
words = ("{{job_id}}", "{{ job_id }}", '["', "_1", "<!--", "wait=1", "1.1", "%d", "a1", "- ", ". ")
for number, (pattern, flags, method) in enumerate(json.load(sys.stdin)):
    print(number, flush=True)
    found = getattr(re.compile(pattern, flags), method)
    letters = sorted(set(re.sub(r"[()|*+?^$]", "", pattern)) | set('a1 -_./"[{%'))[:24]
    for piece in (*letters, *(one + two for one in letters for two in letters[:4]), *words):
        text = piece * (length // len(piece))
        for whole in (text + "\x00", "images/" + text):
            found(whole)
"""
Pattern: TypeAlias = tuple[str, int, str]
"""A pattern, its flags and the method that it is used with."""


def in_code() -> Iterator[Pattern]:
    """Yield every pattern that is written down as a plain text, with each way it is used."""
    sources = {file: file.read_text(encoding="utf-8") for file in TREES}
    everything = "\n".join(sources.values())
    for file, tree in TREES.items():
        for node in ast.walk(tree):
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)],
                    value=ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr="compile")) as call,
                ):
                    used_in = sources[file] if name.startswith("_") else everything
                    for method in set(re.findall(rf"\b{name}\.(\w+)\(", used_in)):
                        yield from _called(call, method)
                case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=method)) if method != "compile":
                    yield from _called(node, method)


def _called(call: ast.Call, method: str) -> Iterator[Pattern]:
    match call.args:
        case [ast.Constant(value=str() as pattern), *_]:
            given = " ".join(ast.unparse(part) for part in (*call.args[1:], *(word.value for word in call.keywords)))
            flags = sum(int(re.RegexFlag[name]) for name in re.findall(r"\bre\.([A-Z]+)\b", given))
            yield pattern, flags, method if method in {"match", "fullmatch"} else "search"


def in_schemas() -> Iterator[Pattern]:
    for file in sorted((ROOT / "schemas").rglob("*.json")):
        yield from ((pattern, 0, "search") for pattern in _patterns(json.loads(file.read_text(encoding="utf-8"))))


def _patterns(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for value in schema.values():
            yield from _patterns(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _patterns(value)


@pytest.mark.timeout(240)  # the limit that counts is that of processor time, and a busy machine is slow
def test_no_pattern_is_slow_on_any_text() -> None:
    """Five thousand of anything, tried everywhere: what grows with the square takes minutes, and has seconds."""
    patterns = sorted({*in_code(), *in_schemas()})
    assert len(patterns) > 50
    done = run_limited(["-c", TRY, str(LENGTH)], json.dumps(patterns), cpu_s=15, mib=300)
    tried = done.stdout.split()
    assert done.returncode == 0, f"too slow: {patterns[int(tried[-1])] if tried else done.stderr}"
