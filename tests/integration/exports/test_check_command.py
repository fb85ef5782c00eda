"""``check`` on folders of real runs, with faults put in, and what exports make of what it leaves."""

import csv
import hashlib
import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO, StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import qwave_batch as qb
from qwave_batch.cli.main import main
from qwave_batch.quality.check_spool import CheckSpool
from tests.integration.exports.trap_runs import Line, lines_of

Finding = dict[str, Any]


def checked(folder: Path, *options: str) -> tuple[int, list[Finding]]:
    stdout, stderr = StringIO(), StringIO()
    status = main(["check", str(folder), "--json", *options], stdout, stderr)
    return status, json.loads(stdout.getvalue())


def shown(*argv: str) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main(list(argv), stdout, stderr, environ={"COLUMNS": "120"})
    return status, stdout.getvalue(), stderr.getvalue()


@pytest.fixture
def folder(trap_folder: Path, tmp_path: Path) -> Path:
    """A copy with its workspace."""
    return Path(shutil.copytree(trap_folder, tmp_path / "run"))


@pytest.fixture
def copy(trap_folder: Path, tmp_path: Path) -> Path:
    """A copy of a few of its lines, without its workspace: tests may write its manifest."""
    folder = tmp_path / "run"
    lines = [*islice(made(lines_of(trap_folder)), 11)]
    for path in (image["path"] for line in lines for image in line["images"]):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(trap_folder / path, folder / path)
    write_lines(folder, lines)
    return folder


def write_lines(folder: Path, lines: list[Line]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=True) + "\n" for line in lines)
    (folder / "manifest.jsonl").write_text(text, encoding="utf-8")


def put(folder: Path, lines: list[Line], images: list[Finding], data: bytes, image_format: str) -> None:
    """Put another file in place of an image, as if the run had stored it."""
    image = images[0]
    with Image.open(BytesIO(data)) as opened:
        width, height = opened.size
    (folder / image["path"]).write_bytes(data)
    image.update(
        sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), width=width, height=height, format=image_format
    )
    write_lines(folder, lines)


def encoded(image: Image.Image, image_format: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, image_format, **options)
    return out.getvalue()


def made(lines: list[Line]) -> Iterator[Line]:
    """Yield the completed lines that begin with no other picture and have the ratio 1:1."""
    return (line for line in lines if line["images"] and "image_urls" not in line["request"])


def test_a_normal_run_has_no_findings_but_its_failures(folder: Path) -> None:
    """A hundred drawn images of seven prompts, several a job, none of them like another one."""
    status, findings = checked(folder)
    failed = [line["job_id"] for line in lines_of(folder) if line["status"] == "failed"]
    assert failed
    assert status == 1
    assert findings == [{"kind": "refused", "job_id": job_id, "path": None, "with": None} for job_id in failed]
    assert [json.loads(line) for line in (folder / "checks.jsonl").read_text().splitlines()] == findings
    assert checked(folder, "--only", "undecodable,dimensions,blank,duplicate,near_duplicate") == (0, [])


def test_each_fault_is_found_with_its_kind(copy: Path) -> None:
    lines = lines_of(copy)
    a, b, c, d, e, f, g, h, i, j, k = (
        [line["job_id"], line["images"]] for line, _ in zip(made(lines), range(11), strict=False)
    )
    original = (copy / a[1][0]["path"]).read_bytes()
    with Image.open(BytesIO(original)) as opened:
        picture = opened.convert("RGB")
    size = picture.size
    put(copy, lines, b[1], original, a[1][0]["format"])  # the same file
    put(copy, lines, c[1], encoded(picture, "PNG", compress_level=9), "png")
    put(copy, lines, d[1], encoded(picture, "JPEG", quality=50), "jpeg")
    put(copy, lines, e[1], encoded(picture.resize((size[0] * 2, size[1] * 2)), "WEBP"), "webp")
    put(copy, lines, f[1], encoded(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "PNG"), "png")
    put(copy, lines, g[1], encoded(Image.new("RGB", size, (2, 2, 2)), "JPEG"), "jpeg")
    put(copy, lines, h[1], encoded(Image.effect_noise((640, 360), 90).convert("RGB"), "PNG"), "png")
    (copy / i[1][0]["path"]).unlink()
    whole = (copy / j[1][0]["path"]).read_bytes()
    (copy / j[1][0]["path"]).write_bytes(whole[: len(whole) // 2])
    put(copy, lines, k[1], encoded(Image.effect_noise(size, 90), "PNG"), "png")
    (copy / k[1][0]["path"]).write_bytes(whole)  # a whole image, and not the one on record

    status, findings = checked(copy, "--only", "undecodable,dimensions,blank,duplicate,near_duplicate")
    assert status == 1
    first = a[1][0]["path"]
    expected = [
        ("duplicate", b, first),
        ("duplicate" if a[1][0]["format"] == "png" else "near_duplicate", c, first),
        ("near_duplicate", d, first),
        ("near_duplicate", e, first),
        ("blank", g, None),
        ("dimensions", h, None),
        ("undecodable", i, None),
        ("undecodable", j, None),
        ("undecodable", k, None),
    ]
    assert sorted((found["kind"], found["job_id"], found["path"], found["with"] or "") for found in findings) == sorted(
        (kind, job_id, images[0]["path"], other or "") for kind, (job_id, images), other in expected
    )


def test_a_second_check_reads_what_has_changed(folder: Path) -> None:
    first = checked(folder)
    assert checked(folder) == first
    image = next(made(lines_of(folder)))["images"][0]["path"]
    (folder / image).write_bytes(b"damaged")
    _, findings = checked(folder)
    assert [found["path"] for found in findings if found["kind"] == "undecodable"] == [image]


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"\xff" * 5000, b"no database"])
def test_looks_that_cannot_be_read_are_made_anew(copy: Path, content: bytes) -> None:
    (copy / ".qwave").mkdir()
    first = checked(copy)
    looks = copy / ".qwave" / "looks.sqlite"
    for ending in ("-wal", "-shm"):
        Path(f"{looks}{ending}").unlink(missing_ok=True)
    looks.write_bytes(content)
    assert checked(copy) == first
    assert checked(copy) == first
    assert looks.read_bytes().startswith(b"SQLite format 3\0")


def test_looks_that_say_what_cannot_be_are_not_believed(copy: Path) -> None:
    (copy / ".qwave").mkdir()
    first = checked(copy)
    with closing(sqlite3.connect(copy / ".qwave" / "looks.sqlite")) as looks, looks:
        looks.execute("""UPDATE look SET found = replace(found, '"cells":"', '"cells":"00')""")
        looks.execute(
            """UPDATE look SET found = replace(found, '"look":', '"look":9999999999') WHERE path > 'images/q'"""
        )
    assert checked(copy) == first


def test_a_temporary_database_that_fails_is_told(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(CheckSpool, "find_copies", fails)
    status, out, err = shown("check", str(copy))
    assert (status, out) == (4, "")
    assert "the temporary database of the check fails: database or disk is full" in " ".join(err.split())
    assert not (copy / "checks.jsonl").exists()


def test_findings_are_shown_of_some_lines_and_kinds_and_all_are_written(folder: Path) -> None:
    _, every = checked(folder)
    models = {line["job_id"]: line["model"] for line in lines_of(folder)}
    model = models[every[0]["job_id"]]
    status, some = checked(folder, "--where", f"model == '{model}'", "--only", "refused")
    assert status == 1
    assert some == [found for found in every if models[found["job_id"]] == model]
    assert len(some) < len(every)
    assert checked(folder, "--where", "model == 'seedream-5.0-lite'") == (0, [])
    assert len((folder / "checks.jsonl").read_text().splitlines()) == len(every)


def test_the_table_counts_by_kind_model_and_tag(folder: Path) -> None:
    status, out, err = shown("check", str(folder))
    lines = lines_of(folder)
    failed = [line for line in lines if line["status"] == "failed"]
    images = sum(len(line["images"]) for line in lines)
    assert status == 1
    assert f"{len(failed)} findings in {len(lines)} jobs with {images} images" in out
    rows = [line.split() for line in out.splitlines() if line.startswith("refused")]
    for model in {line["model"] for line in failed}:
        assert any(row[1] == model and row[2] == str(sum(each["model"] == model for each in failed)) for row in rows)
    assert "upstream_bad_request" in out
    assert f"refused: job {failed[0]['job_id']} of {failed[0]['model']}: upstream_bad_request" in err
    edited = sum(len(line["images"]) for line in lines if line["action"] == "edit")
    assert f"{edited} images made from other images" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--only", "blnak"), 'unknown kind of finding "blnak"; did you mean "blank"?'),
        (("--only", ""), "is not a list of kinds"),
        (("--near", "11"), '"11" is not a whole number from 0 to 10'),
        (("--where", "modle == 1"), 'did you mean "model"?'),
        (("--where", "model =="), "does not parse"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_read(folder: Path, options: tuple[str, ...], message: str) -> None:
    status, out, err = shown("check", str(folder), *options)
    assert (status, out) == (2, "")
    assert message in " ".join(err.split())
    assert not (folder / "checks.jsonl").exists()


@pytest.mark.parametrize("near", [-1, 11])
def test_python_is_told_of_a_wrong_number_of_bits_too(folder: Path, near: int) -> None:
    """A search within 20 bits would not end."""
    with pytest.raises(qb.UsageError, match=f"0 to 10 bits, and {near} "), qb.open_run(folder).check(near=near):
        pass


def test_a_folder_that_takes_nothing_is_checked_all_the_same(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (copy / "checks.jsonl").mkdir()
    status, out, err = shown("check", str(copy))
    assert status == 2
    assert "checks.jsonl is a folder" in err
    assert out == ""
    (copy / "checks.jsonl").rmdir()
    copy.chmod(0o555)
    try:
        with qb.folders.open_run(copy).check() as report:
            assert report.counts.jobs == 11
            is_written = report.unwritten is None
    finally:
        copy.chmod(0o755)
    assert is_written == (copy / "checks.jsonl").exists()  # root may write everywhere


def test_what_commands_leave_is_neither_a_stranger_nor_pruned(folder: Path) -> None:
    checked(folder)
    left = ["scores.jsonl", "votes.jsonl", "picks.jsonl", "report/index.html"]
    for name in left:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("{}\n")
    report = qb.folders.open_run(folder).verify()
    assert (report.is_sound, report.problems, report.counts.strangers) == (True, (), 0)
    assert qb.folders.open_run(folder).prune().files == ()
    assert all((folder / name).exists() for name in [*left, "checks.jsonl"])


def exported(folder: Path, drop: str) -> tuple[int, set[str], str]:
    out = folder.parent / f"{drop}.csv"
    status, _, err = shown("export", str(folder), "--to", "csv", str(out), "--drop", drop)
    if not out.exists():
        return status, set(), err
    with out.open(encoding="utf-8", newline="") as file:
        csv.field_size_limit(1 << 20)
        return status, {row["source_path"] for row in csv.DictReader(file)}, err


def test_exports_leave_out_what_was_found_and_keep_one_of_each_group(copy: Path) -> None:
    lines = lines_of(copy)
    a, b, c, d = (line["images"] for line, _ in zip(made(lines), range(4), strict=False))
    data = (copy / a[0]["path"]).read_bytes()
    with Image.open(BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    near = encoded(picture, "JPEG", quality=60)
    for images in (b, c):  # b is like a, and c the same file as b
        put(copy, lines, images, near, "jpeg")
    put(copy, lines, d, encoded(Image.new("RGB", picture.size), "PNG"), "png")
    checked(copy)
    _, every, _ = exported(copy, "undecodable")
    assert every >= {images[0]["path"] for images in (a, b, c, d)}
    assert every - exported(copy, "duplicate")[1] == {c[0]["path"]}
    assert every - exported(copy, "near_duplicate")[1] == {b[0]["path"], c[0]["path"]}
    assert every - exported(copy, "blank,duplicate")[1] == {c[0]["path"], d[0]["path"]}


def test_of_a_group_whose_first_image_is_left_out_the_next_one_is_kept(copy: Path) -> None:
    lines = lines_of(copy)
    first, second, third = (line for line, _ in zip(made(lines), range(3), strict=False))
    data = encoded(Image.effect_noise((300, 300), 70), "PNG")
    for line in (first, second, third):
        put(copy, lines, line["images"], data, "png")
    checked(copy)
    out = copy.parent / "rest.csv"
    status, _, _ = shown(
        "export", str(copy), "--to", "csv", str(out), "--drop", "duplicate", "--where", f"job_id != '{first['job_id']}'"
    )
    assert status == 0
    text = out.read_text(encoding="utf-8")
    assert [line["images"][0]["path"] in text for line in (first, second, third)] == [False, True, False]


def changed_images(folder: Path) -> None:
    lines = lines_of(folder)
    lines[0]["images"] = []
    time.sleep(0.01)
    write_lines(folder, lines)


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "none": (lambda folder: (folder / "checks.jsonl").unlink(), "was not checked yet"),
    "older": (changed_images, "is older than the images"),
    "torn": (lambda folder: (folder / "checks.jsonl").write_text('{"kind": "bl'), "not a finding of a check"),
    "other": (lambda folder: (folder / "checks.jsonl").write_text('{"kind": "odd"}\n'), "not a finding of a check"),
}


@pytest.mark.parametrize(("spoil", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_checks_that_cannot_be_used_are_refused_with_the_command_to_run(
    copy: Path, spoil: Callable[[Path], object], message: str
) -> None:
    checked(copy)
    spoil(copy)
    status, rows, err = exported(copy, "blank")
    assert (status, rows) == (2, set())
    assert message in " ".join(err.split())
    assert "qwave-batch check" in " ".join(err.split())


def test_a_run_that_adds_images_makes_checks_old(tmp_path: Path) -> None:
    """The times of the files do not matter."""
    spec = tmp_path / "spec.yaml"
    text = (
        "version: 1\nname: grows\ncatalog: '2026-10'\nprompts: [{id: a, text: One}]\nmatrix: {model: [z-image-turbo]}\n"
    )
    spec.write_text(text)
    folder = tmp_path / "run"
    connection = qb.Simulated(seed=1, latency="0")
    qb.run_batch_sync(spec, connection=connection, out_dir=folder)
    assert checked(folder) == (0, [])
    assert exported(folder, "blank")[0] == 0
    spec.write_text(text.replace("{id: a, text: One}", "{id: a, text: One}, {id: b, text: Two}"))
    qb.run_batch_sync(spec, connection=connection, out_dir=folder)
    (folder / "checks.jsonl").touch()
    status, _, err = exported(folder, "blank,duplicate")
    assert status == 2
    assert "is older than the images" in " ".join(err.split())
    assert checked(folder) == (0, [])
    assert exported(folder, "blank,duplicate,refused")[0] == 0


def test_an_unknown_kind_is_refused(copy: Path) -> None:
    checked(copy)
    status, _, err = exported(copy, "blanc")
    assert status == 2
    assert 'did you mean "blank"?' in " ".join(err.split())
