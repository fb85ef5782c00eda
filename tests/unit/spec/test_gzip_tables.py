"""Tables of text may be gzipped, and damage to the gzip is reported."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.spec.document import Spec
from qwave_batch.spec.table.tables import open_rows, open_table

CONTENTS = {
    "t.csv": 'a,b\n"x, y",1\n',
    "t.tsv": 'a\tb\n"x\ty\n',
    "t.jsonl": '{"a": 1}\n{"a": "é"}\n',
    "t.json": '[{"a": 1}, {"a": "é"}]',
    "t.txt": "one\r\ntwo\n",
    "t.yaml": "- {a: 1}\n- {a: no}\n",
}


def complaint(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    with pytest.raises(SpecError) as caught:
        list(open_rows(folder / name, name))
    (problem,) = caught.value.problems
    return str(problem)


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("suffix", [".gz", ".GZ"])
def test_a_packed_table_is_the_table_that_was_packed(folder: Path, name: str, suffix: str) -> None:
    plain, packed = folder / name, folder / (name + suffix)
    plain.write_text(CONTENTS[name], encoding="utf-8", newline="")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    cells = [dict(row.cells) for row in open_rows(packed, packed.name)]
    assert cells == [dict(row.cells) for row in open_rows(plain, name)]
    assert open_table(packed, packed.name).columns == open_table(plain, name).columns


def test_gzip_files_one_behind_the_other_are_one_table(folder: Path) -> None:
    (folder / "t.txt.gz").write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n"))
    assert [row.cells["text"] for row in open_rows(folder / "t.txt.gz", "t.txt.gz")] == ["one", "two"]


LINES = "".join(f"line {number}\n" for number in range(20_000)).encode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda packed: packed[: len(packed) // 2], "the gzip file is cut off: its end is missing"),
        (lambda packed: packed[:-4], "the gzip file is cut off: its end is missing"),
        (lambda _: b"", "the table is empty; its first line must name the columns"),
        (lambda _: LINES, "the file is not gzip, although its name ends with .gz"),
        (lambda packed: packed[:-8] + b"0000" + packed[-4:], "the gzip file is damaged"),
        (
            lambda packed: packed[:40_000] + bytes(byte ^ 255 for byte in packed[40_000:40_050]) + packed[40_050:],
            "the gzip file is damaged",
        ),
        (lambda packed: packed + b"more", "there is other data after the end of the gzip file"),
    ],
)
def test_gzip_that_is_damaged_says_how(folder: Path, change: Callable[[bytes], bytes], said: str) -> None:
    assert said in complaint(folder, "t.csv.gz", change(gzip.compress(LINES, 1)))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("t.txt.gz", b"the same as before\n"),
        ("t.csv.gz", b"a line like every other one\n"),
        ("t.jsonl.gz", b'{"text": "a cat"}\n'),
    ],
)
def test_a_gzip_bomb_is_stopped(folder: Path, name: str, line: bytes) -> None:
    packed = folder / name
    with gzip.open(packed, "wb", compresslevel=9) as file:
        for _ in range(12):
            file.write(line * (1_000_000 // len(line)))
    with pytest.raises(SpecError, match="grows more than 200-fold when it is unpacked"):
        for _ in open_rows(packed, name):
            pass


@pytest.mark.parametrize("name", ["t.json.gz", "t.yaml.gz", "t.csv.gz"])
def test_a_bomb_without_a_line_end_is_stopped(folder: Path, name: str) -> None:
    packed = folder / name
    with gzip.open(packed, "wb") as file:
        file.write(b'[{"a": "' if name == "t.json.gz" else b"a")
        for _ in range(25):
            file.write(b"x" * 1_000_000)
    with pytest.raises(SpecError, match=r"200-fold|at most 20,000,000"):
        list(open_rows(packed, name))


def test_a_packed_table_is_read_by_a_spec(load: Callable[..., Spec], folder: Path) -> None:
    (folder / "birds.csv.gz").write_bytes(gzip.compress(b"name\nwren\n"))
    spec = load('prompts: [{from: birds.csv.gz, text: "{{ row.name }}"}]\n')
    assert spec.prompts[0].table
    assert spec.prompts[0].table.columns == ("name",)


def test_the_name_in_the_spec_says_what_a_linked_file_is(load: Callable[..., Spec], folder: Path) -> None:
    (folder / "3f0c").write_text("name\nwren\n")
    (folder / "birds.csv").symlink_to(folder / "3f0c")
    assert load('prompts: [{from: birds.csv, text: "{{ row.name }}"}]\n').prompts[0].table
