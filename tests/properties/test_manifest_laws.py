"""Laws of the manifest: what is written is read again, whatever text users and vendors put into it."""

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.record import ImageFile, JobRecord, JobStatus
from qwave_batch.output.manifest import read_manifest, write_manifest
from qwave_batch.output.manifest_line import encode_line, line_as_json, line_from_json, manifest_line
from qwave_batch.output.manifest_schema import schema_faults
from qwave_batch.output.times import iso_from_unix, to_the_millisecond, unix_from_iso

text = st.text(max_size=30)
name = st.text(min_size=1, max_size=30)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | text
)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3)
)
objects = st.dictionaries(text, json_values, max_size=4)
tags = st.lists(text, max_size=3).map(tuple)
moments = st.none() | st.floats(0, 4_000_000_000)
hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
indexes = st.integers(0, 10**9)

images = st.builds(
    ImageFile,
    path=st.from_regex(r"images/[a-zé日]{1,9}(/[a-z]{1,9})?\.(png|jpg)", fullmatch=True),
    sha256=hexes,
    size_bytes=st.integers(1, 10**9),
    width=st.integers(1, 10**5),
    height=st.integers(1, 10**5),
    format=st.sampled_from(["png", "jpeg", "webp", "gif"]),
    source_url=text,
)
errors = st.builds(
    JobError,
    code=name,
    message=text,
    http_status=st.none() | st.integers(100, 599),
    retryable=st.booleans(),
    field=st.none() | text,
)
records = st.builds(
    JobRecord,
    job_id=st.just(""),
    status=st.sampled_from([JobStatus.PENDING, JobStatus.CANCELLED, JobStatus.UNKNOWN]),
    task_id=st.none() | name,
    attempts=st.integers(0, 99),
    submitted_at=moments,
    completed_at=moments,
    seconds=st.none() | st.floats(0, 10**6),
    cost_nusd=st.integers(0, 10**13),
    cost_from=st.sampled_from(["api", "catalog", None]),
    images=st.lists(images, max_size=3).map(tuple),
    error=st.none() | errors,
)


@st.composite
def plan_lines(draw: st.DrawFn) -> PlanLine:
    job_id = draw(hexes)[:16]
    duplicate = st.builds(
        Duplicate, job_id=st.just(job_id), index=indexes, prompt_id=name, axes=objects, tags=tags, meta=objects
    )
    job = st.builds(
        Job,
        job_id=st.just(job_id),
        index=indexes,
        prompt_id=name,
        prompt=text,
        model=name,
        action=text,
        request=objects,
        dropped=st.lists(text, max_size=3, unique=True).map(tuple),
        axes=objects,
        tags=tags,
        meta=objects,
        repeat=st.integers(0, 9),
        path=name,
    )
    return PlanLine(job=draw(job), also=tuple(draw(st.lists(duplicate, max_size=2))), record=draw(records))


@given(st.lists(plan_lines(), max_size=5))
@settings(max_examples=60)
def test_a_manifest_is_read_as_it_was_written(lines: list[PlanLine]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        layout = RunLayout(Path(folder) / "run")
        layout.create()
        written = write_manifest(layout, lines)
        assert list(read_manifest(layout)) == [manifest_line(line) for line in lines]
        assert written.counts.jobs == len(lines)


@given(plan_lines())
def test_every_line_is_by_the_schema_and_is_one_line(line: PlanLine) -> None:
    data = encode_line(manifest_line(line))
    assert list(schema_faults(json.loads(data))) == []
    assert len(data.decode("utf-8").splitlines()) == 1


@given(plan_lines())
def test_a_typed_line_gives_its_object_again(line: PlanLine) -> None:
    value = line_as_json(manifest_line(line))
    assert line_as_json(line_from_json(value)) == value


@given(st.floats(0, 4_000_000_000))
def test_a_moment_comes_back_to_the_millisecond(moment: float) -> None:
    assert unix_from_iso(iso_from_unix(moment)) == to_the_millisecond(moment)
