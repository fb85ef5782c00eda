"""The JSON of samples has one form, whatever the rows hold: a loader that saw the first five takes all others."""

import json
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.export.columns import ColumnSurvey, ImageFacts
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.formats.sample_facts import SampleFacts
from qwave_batch.export.image_loading import LoadedImage
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.output.manifest_line import ManifestLine

SEEN_FIRST = 5
IMAGE = ImageFile(
    path="images/a.png",
    sha256="0" * 64,
    size_bytes=9,
    width=2,
    height=2,
    format="png",
    source_url="https://x.example/a",
)
LOADED = LoadedImage(data=b"", facts=ImageFacts.of(IMAGE))
VALUES: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=9),
    st.lists(st.integers(0, 9), max_size=2),
    st.dictionaries(st.text(max_size=3), st.booleans(), max_size=2),
)
AXES = st.dictionaries(st.sampled_from(["level", "later", "a.b", "Größe", "inputs"]), VALUES, max_size=4)


def row_with(number: int, axes: dict[str, Json], tags: list[str], seed: Json) -> ExportRow:
    line = ManifestLine(
        job_id=f"{number:064}", index=number, status=JobStatus.COMPLETED, prompt_id="a", prompt="A", model="m",
        action="generate", request={} if seed is None else {"seed": seed}, dropped=(), axes=axes, tags=tuple(tags),
        meta={}, repeat=0, also=(), path="a", task_id=None, attempts=1, submitted_at=None, completed_at=None,
        seconds=None, cost_usd=0.0, cost_from=None, images=(IMAGE,), error=None,
    )  # fmt: skip
    return ExportRow(folder=0, run="run", line=line, image=IMAGE, image_index=0, split="train")


ROWS = st.lists(
    st.tuples(AXES, st.lists(st.text(max_size=4), max_size=2), st.none() | st.integers(0, 2**70)),
    min_size=1,
    max_size=9,
).map(lambda drawn: [row_with(number, *each) for number, each in enumerate(drawn)])


@given(ROWS)
def test_every_sample_has_the_keys_and_the_types_of_the_first(rows: list[ExportRow]) -> None:
    told = samples_of(rows)
    forms = [[(name, type(value)) for name, value in each.items()] for each in told]
    assert all(form == forms[0] for form in forms)
    seen = pa.Table.from_pylist([{"json": each} for each in told[:SEEN_FIRST]])
    assert pa.Table.from_pylist([{"json": each} for each in told], schema=seen.schema).num_rows == len(rows)


@given(ROWS)
def test_what_has_a_value_keeps_it(rows: list[ExportRow]) -> None:
    for row, told in zip(rows, samples_of(rows), strict=True):
        assert json.loads(told["inputs"]) == []
        assert told.get("seed", 0) == (row.line.request.get("seed") if is_64_bit(row.line.request.get("seed")) else 0)
        for name, value in row.line.axes.items():
            shown = told.get(f"axis_{name}")
            if isinstance(value, int | float) and isinstance(shown, int | float):
                assert shown == float(value) if isinstance(shown, float) else shown == value


def samples_of(rows: list[ExportRow]) -> list[dict[str, Any]]:
    survey = ColumnSurvey(has_splits=False, has_runs=False)
    for row in rows:
        survey.add(row)
    table = survey.table()
    facts = SampleFacts(tuple(column for column in table.columns if column.name in table.filled), has_xmp=False)
    return [json.loads(facts.as_json(table.record_of(row, LOADED.facts), "[]", LOADED)) for row in rows]


def is_64_bit(value: Json) -> bool:
    return isinstance(value, int) and value < 2**63
