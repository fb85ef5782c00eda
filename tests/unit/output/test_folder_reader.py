"""One contract for every kind of run folder: at work, ended, copied without its ledger."""

import asyncio
import hashlib
import json
import shutil
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from qwave_batch.api.run_folder import open_run
from qwave_batch.errors import FolderError, QwaveError, UnknownName, UsageError
from qwave_batch.folder.inputs import keep_spec, store_input
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock
from qwave_batch.ledger.cost_report import CostReport
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.model.run_ends import EndKind
from qwave_batch.output.folder_reader import FolderReader, LineFilter, LineSource, open_folder
from qwave_batch.output.line_condition import lines_matching
from qwave_batch.output.manifest import write_manifest
from qwave_batch.output.manifest_line import encode_line
from qwave_batch.output.summary import RunFacts, write_summary
from tests.unit.output.test_with_a_real_ledger import job, make

INLINE = b"\x89PNG inline"
SPEC = b"name: tea\n"


def plan() -> list[Job | Duplicate]:
    """Two jobs to make, one with tags and an inline input, one skipped, one not reached, and a duplicate."""
    request = {**job(3).request, "image": "data:image/png;base64,iVBORyBpbmxpbmU="}
    return [
        job(0),
        replace(job(1), tags=("night", "street")),
        job(2, JobError(code="unsupported", message="m can't", field="prompt")),
        replace(job(3), request=request, model="other"),
        Duplicate(job_id=job(1).job_id, index=4, prompt_id="p4"),
    ]


def write_outputs(layout: RunLayout, ledger: Ledger) -> None:
    written = write_manifest(layout, ledger.lines())
    facts = RunFacts(
        name="tea", catalog="2026-05", backend="simulator", spec_sha256="0" * 64, started_at=1.0, seconds=2.0,
        requests={"submit": 2, "poll": 2, "download": 2, "retried": 0}, kind=EndKind.INCOMPLETE,
    )  # fmt: skip
    write_summary(layout, facts, written, CostReport(paid_nusd=14, catalog_nusd=14))


@dataclass
class Scene:
    """A folder with two images made of four jobs."""

    kind: str
    root: Path


@pytest.fixture(params=["live", "ended", "copied"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    """The live one has made its second image since it wrote the manifest."""
    kind: str = request.param
    layout = RunLayout(tmp_path / "run")
    layout.create()
    keep_spec(layout, SPEC)
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger.open(layout.workspace.ledger))
        ledger.claim(FolderClaim(spec_name="tea", backend="simulator", path=str(layout.root), host="h", key="k"))
        ledger.replace_plan(plan())
        asyncio.run(make(layout, ledger, job(0)))
        if kind == "live":
            stack.enter_context(FolderLock(layout))
            write_outputs(layout, ledger)
        asyncio.run(make(layout, ledger, job(1)))
        if kind == "live":
            yield Scene(kind, layout.root)
            return
        write_outputs(layout, ledger)
    if kind == "copied":
        shutil.copytree(layout.root, tmp_path / "copy", ignore=shutil.ignore_patterns(".qwave"))
        shutil.rmtree(layout.root)
        layout = RunLayout(tmp_path / "copy")
    yield Scene(kind, layout.root)


@pytest.fixture
def reader(scene: Scene) -> Iterator[FolderReader]:
    with open_folder(scene.root) as reader:
        yield reader


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file outside the ledger's own, with time and content."""
    files = (path for path in root.rglob("*") if path.is_file() and "ledger.sqlite" not in path.name)
    return {str(path.relative_to(root)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_every_kind_has_the_same_lines(reader: FolderReader) -> None:
    """A live folder's are those of this moment, not of its last manifest."""
    lines = list(reader.lines())
    assert [line.index for line in lines] == [0, 1, 2, 3]
    assert [line.status.value for line in lines] == ["completed", "completed", "skipped", "pending"]
    assert [duplicate.index for duplicate in lines[1].also] == [4]
    assert lines[1].tags == ("night", "street")
    assert lines[3].request["image"] == f"sha256:{hashlib.sha256(INLINE).hexdigest()}"
    assert [len(line.images) for line in lines] == [1, 1, 0, 0]


def test_the_lines_are_those_of_the_next_manifest(scene: Scene, reader: FolderReader) -> None:
    written = (scene.root / "manifest.jsonl").read_bytes()
    expected = b"".join(map(encode_line, reader.lines()))
    assert (expected == written) is (scene.kind != "live")


def test_nothing_is_written(scene: Scene) -> None:
    before = snapshot(scene.root)
    with open_folder(scene.root) as reader:
        for _, image in reader.images():
            opened = reader.open_image(image)
            assert opened is not None
            opened.close()
        reader.header()
        reader.spec()
    assert snapshot(scene.root) == before


def test_the_header_says_what_the_folder_is(scene: Scene, reader: FolderReader) -> None:
    header = reader.header()
    assert (header.name, header.backend, header.lost_since) == ("tea", "simulator", None)
    assert (header.holder is not None) is (scene.kind == "live")
    assert (header.folder_id is None) is (scene.kind == "copied")
    assert header.source is (LineSource.MANIFEST if scene.kind == "copied" else LineSource.LEDGER)
    assert header.summary is not None
    assert header.summary["catalog"] == "2026-05"


def test_images_open_as_they_were_stored(reader: FolderReader) -> None:
    found = {line.index: image for line, image in reader.images()}
    assert list(found) == [0, 1]
    for image in found.values():
        opened = reader.open_image(image)
        assert opened is not None
        with opened:
            assert hashlib.sha256(opened.read()).hexdigest() == image.sha256


def test_an_image_that_is_gone_is_none(scene: Scene, reader: FolderReader) -> None:
    _, image = next(reader.images())
    (scene.root / image.path).unlink()
    assert reader.open_image(image) is None


def test_no_link_is_followed(scene: Scene, reader: FolderReader, tmp_path: Path) -> None:
    _, image = next(reader.images())
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    (scene.root / image.path).unlink()
    (scene.root / image.path).symlink_to(secret)
    with pytest.raises(QwaveError):
        reader.open_image(image)


@pytest.mark.parametrize("path", ["../secret.png", "/etc/passwd", "images/../../secret.png", "manifest.jsonl"])
def test_a_path_that_no_run_writes_is_refused(reader: FolderReader, path: str) -> None:
    image = ImageFile(path=path, sha256="0" * 64, size_bytes=1, width=1, height=1, format="png", source_url="")
    with pytest.raises(FolderError, match="which no run has written"):
        reader.open_image(image)


def test_an_inline_input_opens_once_it_is_kept(scene: Scene, reader: FolderReader) -> None:
    reference = str(next(reader.lines(LineFilter(models=frozenset({"other"})))).request["image"])
    opened = reader.open_input(reference)
    assert opened is not None
    with opened:
        assert opened.read() == INLINE
    for file in (scene.root / "inputs").iterdir():
        file.unlink()
    assert reader.open_input(reference) is None


def test_a_run_folder_gives_users_what_the_reader_reads(scene: Scene, reader: FolderReader) -> None:
    run, tagged = open_run(scene.root), LineFilter(tags=frozenset({"night"}))
    assert list(run.images()) == list(reader.images())
    assert [line.index for line, _ in run.images(tagged)] == [1]
    assert run.header() == reader.header()
    _, image = next(run.images(tagged))
    opened = run.open_image(image)
    assert opened is not None
    with opened:
        assert hashlib.sha256(opened.read()).hexdigest() == image.sha256
    (scene.root / image.path).unlink()
    assert run.open_image(image) is None
    reference = str(next(run.lines(LineFilter(models=frozenset({"other"})))).request["image"])
    kept = run.open_input(reference)
    assert kept is not None
    with kept:
        assert kept.read() == INLINE
    assert store_input(reader.layout, INLINE) == reference


def test_the_spec_is_kept_byte_for_byte(scene: Scene, reader: FolderReader) -> None:
    assert reader.spec() == SPEC
    (scene.root / "spec.yaml").unlink()
    assert reader.spec() is None


@pytest.mark.parametrize(
    ("where", "indexes"),
    [
        (LineFilter(), [0, 1, 2, 3]),
        (LineFilter(statuses=frozenset({JobStatus.COMPLETED})), [0, 1]),
        (LineFilter(statuses=frozenset({JobStatus.SKIPPED, JobStatus.PENDING})), [2, 3]),
        (LineFilter(models=frozenset({"other", "none"})), [3]),
        (LineFilter(tags=frozenset({"night", "day"})), [1]),
        (LineFilter(statuses=frozenset({JobStatus.PENDING}), tags=frozenset({"night"})), []),
        (LineFilter(where=lines_matching("images and images[0].width == 9 and index > 0")), None),
        (LineFilter(where=lines_matching("status == 'completed' and 'night' in tags")), [1]),
        (LineFilter(where=lines_matching("{{ error is not none and error.code == 'unsupported' }}")), [2]),
    ],
)
def test_filters_take_what_they_say(reader: FolderReader, where: LineFilter, indexes: list[int] | None) -> None:
    if indexes is None:
        with pytest.raises(UsageError, match=r"gives \[\] on job .*, not true or false"):
            list(reader.lines(where))
    else:
        assert [line.index for line in reader.lines(where)] == indexes


def test_an_expression_that_does_not_parse_is_refused() -> None:
    with pytest.raises(UsageError, match=r"the filter .* does not parse"):
        lines_matching("status ==")


def test_an_expression_over_another_name_is_refused() -> None:
    with pytest.raises(UnknownName, match="a manifest line has job_id"):
        lines_matching("colour == 'red'")


def test_a_reader_that_lags_sees_one_state(scene: Scene, reader: FolderReader) -> None:
    """Changes made while lines are read do not show in them."""
    lines = reader.lines()
    first = next(lines)
    if scene.kind == "copied":
        RunLayout(scene.root).tree.write_atomic("manifest.jsonl", b"")
    else:
        with Ledger.open(RunLayout(scene.root).workspace.ledger) as ledger:
            ledger.replace_plan([job(0)])
    assert [first.index, *(line.index for line in lines)] == [0, 1, 2, 3]


def test_an_edited_manifest_is_not_read_while_there_is_a_ledger(scene: Scene, reader: FolderReader) -> None:
    file = scene.root / "manifest.jsonl"
    first, *rest = file.read_text(encoding="utf-8").splitlines(keepends=True)
    edited = json.dumps({**json.loads(first), "prompt": "mine"}) + "\n"
    file.write_text("".join([edited, *rest]), encoding="utf-8")
    assert (next(reader.lines()).prompt == "mine") is (scene.kind == "copied")


def test_lines_stream_in_constant_memory(tmp_path: Path) -> None:
    """Ten times the lines take no more memory."""

    def peak(jobs: int) -> int:
        layout = RunLayout(tmp_path / f"run{jobs}")
        layout.create()
        with Ledger.open(layout.workspace.ledger) as ledger:
            ledger.claim(FolderClaim(spec_name="tea", backend="simulator", path="/", host="h", key="k"))
            ledger.replace_plan(job(index) for index in range(jobs))
            write_outputs(layout, ledger)
        copy = tmp_path / f"copy{jobs}"
        shutil.copytree(layout.root, copy, ignore=shutil.ignore_patterns(".qwave"))
        most = 0
        for root in (layout.root, copy):
            with open_folder(root) as reader:
                tracemalloc.start()
                assert sum(1 for _ in reader.lines()) == jobs
                most = max(most, tracemalloc.get_traced_memory()[1])
                tracemalloc.stop()
        return most

    assert peak(2_000) < 1.5 * peak(200) + 100_000


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FolderError, match="is not a run folder"), open_folder(tmp_path / "empty"):
        pass


def test_a_ledger_that_is_gone_is_not_read_around(tmp_path: Path) -> None:
    """``.qwave`` is there and its ledger empty: nobody knows what is paid, so it is not taken for a copy."""
    layout = RunLayout(tmp_path / "run")
    layout.create()
    (layout.root / "manifest.jsonl").write_bytes(b"")
    layout.workspace.ledger.touch()
    with pytest.raises(FolderError, match="is gone or empty"), open_folder(layout.root):
        pass
