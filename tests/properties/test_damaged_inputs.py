"""No input makes the program crash: what is damaged is taken, or refused with its place, in the project's own words.

``--hypothesis-profile=thorough`` tries thousands of each kind.
"""

import gzip
import io
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.cli.main import main
from tests.properties.damage import WRONG_VALUES, as_yaml, damaged_bytes, damaged_structures, paired

PYTHON = re.compile(
    r"\b(NoneType|Traceback|[A-Z]\w*(Error|Exception|Warning))\b|<class|object at 0x|has no attribute|object is not"
    r"|'(str|int|float|dict|list|tuple|bool|bytes|set|mappingproxy)'|dict_(keys|items|values)|this is a bug"
)
"""Words that Python has for its own reader."""

ROWS = [
    {"id": f"r{n}", "subject": f"A {thing}", "seed": n, "where": "in"} for n, thing in enumerate(("fox", "owl", "elk"))
]
TABLES: dict[str, bytes] = {
    "t.csv": b'id,subject,seed,where\nr0,A fox,1,in\nr1,"An owl, at ""home""",2,out\nr2,An elk,3,in\n',
    "t.tsv": b"id\tsubject\tseed\twhere\nr0\tA fox\t1\tin\nr1\tAn owl\t2\tout\nr2\tAn elk\t3\tin\n",
    "t.jsonl": b"".join(json.dumps(row).encode() + b"\n" for row in ROWS),
    "t.json": json.dumps(ROWS, indent=1).encode(),
    "t.yaml": b"- {id: r0, subject: A fox, seed: 1, where: in}\n- id: r1\n  subject: An owl\n  seed: 2\n  where: out\n",
    "t.txt": b"A fox\nAn owl\n\nAn elk\n",
}
OF_TABLE: dict[str, Any] = {"text": "{{ row.subject }}, soft", "id": "{{ row.id }}", "where": "{{ row.where == 'in' }}"}
WHOLE: dict[str, Any] = {
    "version": 1,
    "name": "whole",
    "description": "nearly all there is",
    "catalog": "2026-05",
    "vars": {"style": "ink", "look": {"light": "soft"}, "many": [1, 2], "both": "{{ style }} and {{ look.light }}"},
    "request": {"aspect_ratio": "1:1", "resolution": "1K"},
    "prompts": [
        "A {{ style }} drawing of a lamp in {{ look.light }} light, {{ mood.word }}",
        {
            "text": "A {{ thing }} {{ repeat }}",
            "id": "named",
            "vars": {"thing": "kite"},
            "tags": ["t", "{{ style }}"],
            "meta": {"m": [1, {"k": None}], "n": "{{ many | length }}"},
            "request": {"negative_prompt": None},
        },
        {"from": "t.csv", **OF_TABLE, "sample": {"count": 2, "seed": 1}},
    ],
    "matrix": {
        "model": ["qwen-image-2.0", "wan2.7-image"],
        "seed": {"start": 1, "count": 2},
        "mood": [{"id": "a", "word": "calm"}, {"id": "b", "word": "{{ both }}"}],
        "exclude": [{"model": "wan2.7-image", "seed": 2}],
        "include": [{"model": "wan2.7-image", "seed": 9, "mood": {"id": "c", "word": "loud"}}],
    },
    "repeat": 2,
    "sample": {"count": 20, "seed": 3},
    "unsupported": "drop",
    "limits": {"concurrency": 4, "requests_per_minute": 60, "models": {"wan2.7-image": {"concurrency": 1}}},
    "retry": {"attempts": 2},
    "timeout": 30,
    "completion": "poll",
    "budget": {"max_usd": 5},
    "output": {"path": "{{ model }}/{{ prompt.id }}-{{ seed }}-{{ job_id }}"},
}
CHILD: dict[str, Any] = {
    "version": 1,
    "extends": "base.yaml",
    "name": "child",
    "vars": {"style": "oil"},
    "matrix": {"model": ["z-image-turbo"], "seed": [1]},
}
SMALL: dict[str, Any] = {
    "version": 1,
    "name": "small",
    "catalog": "2026-05",
    "prompts": ["A lamp", "A kite"],
    "matrix": {"model": ["qwen-image-2.0"], "seed": [1]},
}


@dataclass(frozen=True)
class Desk:
    """A folder with inputs in it, and the program to be asked about them."""

    folder: Path

    def write(self, name: str, content: bytes | str) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
        return path

    def ask(self, *argv: object, allowed: Sequence[int] = (0, 2, 3)) -> str:
        """Return what the program prints; it must take or refuse what it is given, in its own words."""
        stdout, stderr = io.StringIO(), io.StringIO()
        status = main(list(map(str, argv)), stdout, stderr, environ={"QWAVE_BATCH_DEBUG": "1"})
        said = stdout.getvalue() + stderr.getvalue()
        assert status in allowed, said
        spotted = PYTHON.search(stderr.getvalue())
        assert not spotted, f"{spotted}: {said}"
        return stdout.getvalue()


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with TemporaryDirectory(prefix="damaged-") as folder:
        desk = Desk(Path(folder))
        for name, content in TABLES.items():
            desk.write(name, content)
        desk.write("base.yaml", as_spec(WHOLE))
        yield desk


def as_spec(value: Any) -> str:
    return as_yaml(paired(value)).lstrip() + "\n"


def check_spec(desk: Desk, spec: Path) -> None:
    """Validate a spec beside one whose complaint is known, and plan it."""
    typo = desk.write("typo.yaml", as_spec(SMALL | {"budgt": 1}))
    found = json.loads(desk.ask("validate", spec, typo, "--format", "json"))
    assert all(problem["file"] and problem["line"] for problem in found), "a complaint has a place"
    assert any(problem["file"] == str(typo) for problem in found), "one spec never hides what is said of another"
    desk.ask("plan", spec)
    desk.ask("plan", spec, "--matrix")


class TestSpecs:
    @given(damaged=damaged_structures((WHOLE, WHOLE, CHILD, SMALL)))
    def test_a_spec_with_wrong_values_and_keys(self, desk: Desk, damaged: Any) -> None:
        check_spec(desk, desk.write("spec.yaml", as_spec(damaged)))

    @given(damaged=damaged_bytes([as_spec(spec).encode() for spec in (WHOLE, CHILD, SMALL)]))
    def test_a_spec_with_odd_bytes(self, desk: Desk, damaged: bytes) -> None:
        check_spec(desk, desk.write("spec.yaml", damaged))

    @given(damaged=damaged_structures((WHOLE,)))
    def test_a_base(self, desk: Desk, damaged: Any) -> None:
        desk.write("odd.yaml", as_spec(damaged))
        check_spec(desk, desk.write("spec.yaml", as_spec(CHILD | {"extends": "odd.yaml"})))


KEYS = sorted(
    {"", "x", "0", "-1", "00", "1e9", "*", "text", *WHOLE, *WHOLE["matrix"], *WHOLE["limits"], *WHOLE["prompts"][1]}
)
WORDS = [str(value) if isinstance(value, str) else json.dumps(value) for value in WRONG_VALUES]


class TestOverrides:
    @given(
        ways=st.lists(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4).map(".".join), min_size=1, max_size=2),
        data=st.data(),
    )
    def test_an_override_of_anything_with_anything(self, desk: Desk, ways: list[str], data: st.DataObject) -> None:
        values = st.sampled_from(WORDS) | st.text(max_size=12)
        signs = st.sampled_from(("=", "=", "=", "=", "", "==", "+="))
        overrides = [f"{way}{data.draw(signs)}{data.draw(values)}" for way in ways]
        spec = desk.write("spec.yaml", as_spec(WHOLE))
        asked = [part for override in overrides for part in ("--set", override)]
        desk.ask("validate", spec, "--format", "github", *asked)
        desk.ask("plan", spec, *asked)


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    return sink.getvalue()


class TestTables:
    @given(name=st.sampled_from(sorted(TABLES)), ending=st.sampled_from(("", ".gz")), data=st.data())
    def test_a_table(self, desk: Desk, name: str, ending: str, data: st.DataObject) -> None:
        content = data.draw(damaged_bytes([TABLES[name]]))
        odd = desk.write(f"odd-{name}{ending}", gzip.compress(content, 1) if ending else content)
        entry = {"text": "{{ row.text }}", "where": "{{ row.text }}"} if name == "t.txt" else OF_TABLE
        check_spec(desk, desk.write("spec.yaml", as_spec(SMALL | {"prompts": [{"from": odd.name, **entry}]})))

    @given(
        name=st.sampled_from(("t.json", "t.jsonl", "t.yaml")),
        rows=damaged_structures((ROWS,)),
        entry=st.sampled_from(({"text": "{{ row | tojson }}"}, OF_TABLE)),
    )
    def test_rows_with_wrong_values(self, desk: Desk, name: str, rows: Any, entry: dict[str, Any]) -> None:
        odd = desk.write(f"odd-{name}", as_spec(rows))
        check_spec(desk, desk.write("spec.yaml", as_spec(SMALL | {"prompts": [{"from": odd.name, **entry}]})))

    @given(content=damaged_bytes([parquet()]))
    def test_a_parquet_file(self, desk: Desk, content: bytes) -> None:
        odd = desk.write("odd.parquet", content)
        check_spec(desk, desk.write("spec.yaml", as_spec(SMALL | {"prompts": [{"from": odd.name, **OF_TABLE}]})))


@pytest.fixture(scope="module")
def lines(desk: Desk) -> list[bytes]:
    plan = desk.folder / "plan.jsonl"
    desk.ask("plan", desk.write("spec.yaml", as_spec(WHOLE)), "--out", plan)
    return plan.read_bytes().splitlines(keepends=True)


class TestPlanFiles:
    @given(data=st.data())
    def test_a_saved_plan_with_odd_bytes(self, desk: Desk, lines: list[bytes], data: st.DataObject) -> None:
        self.check(desk, data.draw(damaged_bytes([b"".join(lines), b"".join(lines[:3])])))

    @given(data=st.data())
    def test_a_saved_plan_with_wrong_values(self, desk: Desk, lines: list[bytes], data: st.DataObject) -> None:
        number = data.draw(st.sampled_from((0, 0, 1, len(lines) - 1)))
        line = data.draw(damaged_structures([json.loads(lines[number])]))
        written = as_json(line).encode("utf-8", "surrogatepass") + b"\n"
        self.check(desk, b"".join((*lines[:number], written, *lines[number + 1 :])))

    def check(self, desk: Desk, content: bytes) -> None:
        odd = desk.write("odd.jsonl", content)
        desk.ask("plan", odd)
        desk.ask("run", odd, "--dry-run")
        desk.ask("plan", desk.folder / "base.yaml", "--against", odd)


def as_json(value: Any) -> str:
    """Return Pairs as JSON, keys that are there twice included."""
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return "{" + ", ".join(f"{json.dumps(key)}: {as_json(of_key)}" for key, of_key in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_json, value)) + "]"
    return json.dumps(value)


@pytest.fixture(scope="module")
def finished(desk: Desk) -> Path:
    spec = desk.write("finished.yaml", as_spec(SMALL))
    desk.ask("run", spec, "--simulate", "-o", desk.folder / "finished")
    return desk.folder / "finished"


class TestRunFolders:
    @given(name=st.sampled_from(("manifest.jsonl", "summary.json", "spec.yaml")), data=st.data())
    def test_a_file_of_a_run_folder(self, desk: Desk, finished: Path, name: str, data: st.DataObject) -> None:
        whole = (finished / name).read_bytes()
        folder = desk.folder / "odd"
        shutil.copytree(finished, folder)
        try:
            (folder / name).write_bytes(data.draw(damaged_bytes([whole])))
            desk.ask("status", folder, allowed=(0, 1, 2, 3))
            desk.ask("verify", folder, allowed=(0, 1, 2, 3))
            desk.ask("plan", desk.folder / "finished.yaml", "--against", folder)
            desk.ask("prune", folder)
        finally:
            shutil.rmtree(folder)
