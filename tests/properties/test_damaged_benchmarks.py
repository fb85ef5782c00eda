"""Damaged files of a benchmark are refused and nothing is written, or the spec that they give is valid."""

import json
import shutil
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.cli.main import main
from tests.benchmark_files import NAMES, write_benchmark
from tests.properties.damage import SNIPPETS, WRONG_VALUES, Written

WRONG = [value for value in WRONG_VALUES if not isinstance(value, Written)]
Damage = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """A checkout of each benchmark."""
    root = tmp_path_factory.mktemp("whole")
    return {name: write_benchmark(name, root / name).files for name in NAMES}


def with_wrong_value(content: bytes, way: list[int], value: Any) -> bytes:
    """Return JSON, or JSON lines, with one of its values replaced; other bytes as they are."""
    try:
        rows = [json.loads(line) for line in content.splitlines()]
        end = "\n"
    except ValueError:
        try:
            rows, end = [json.loads(content)], ""
        except ValueError:
            return content
    inner: Any = rows
    for step in way:
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        if not keys:
            break
        key = keys[step % len(keys)]
        if step is way[-1] or not isinstance(inner[key], list | dict):
            inner[key] = value
            break
        inner = inner[key]
    return "".join(f"{json.dumps(row)}{end}" for row in rows).encode()


CUT = st.integers(0, 400).map(lambda at: lambda content: content[:at])
INSERTED = st.builds(
    lambda at, snippet: lambda content: content[:at] + snippet + content[at:],
    st.integers(0, 400),
    st.sampled_from(SNIPPETS),
)
REPLACED = st.builds(
    lambda way, value: lambda content: with_wrong_value(content, way, value),
    st.lists(st.integers(0, 7), min_size=1, max_size=4),
    st.sampled_from(WRONG),
)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 9), CUT | INSERTED | REPLACED)
def test_damaged_files_are_refused_or_give_a_valid_spec(
    whole: Mapping[str, Path], name: str, which: int, damage: Damage
) -> None:
    with TemporaryDirectory() as folder:
        files = Path(folder, "files")
        shutil.copytree(whole[name], files)
        all_files = sorted(file for file in files.rglob("*") if file.is_file() and file.name != "README.md")
        damaged = all_files[which % len(all_files)]
        damaged.write_bytes(damage(damaged.read_bytes()))
        out = Path(folder, "out", "spec.yaml")
        talk = StringIO()
        status = main(["bench", "import", name, str(files), "-o", str(out)], StringIO(), talk)
        assert status in {0, 2}, talk.getvalue()
        if status:
            assert not out.parent.exists()
        else:
            assert main(["validate", str(out)], StringIO(), talk) == 0, talk.getvalue()
