"""Tables that would fill the memory are refused with a line and little memory; large valid ones stream."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from itertools import repeat
from pathlib import Path

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.spec.table.tables import open_rows

READ = """
import resource, sys
from pathlib import Path
from qwave_batch.errors import SpecError
from qwave_batch.spec.table.tables import open_rows
megabytes, path = int(sys.argv[1]), Path(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
try:
    print(sum(1 for _ in open_rows(path, path.name)))
except SpecError as error:
    print(error)
[peak] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(int(peak.split()[1]) >> 10)
"""
"""Counts the rows of a table in a process of its own, with limits; prints the count or the error, and megabytes."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")

Read = Callable[..., tuple[str, int]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Writes a table of pieces, makes it as long as is asked for without writing that, and reads it."""

    def read(name: str, pieces: Iterable[bytes], *, size_bytes: int = 0, megabytes: int = 2_000) -> tuple[str, int]:
        path = tmp_path / name
        with path.open("wb") as file:
            file.writelines(pieces)
        if size_bytes:
            os.truncate(path, size_bytes)
        command = [sys.executable, "-c", READ, str(megabytes), str(path)]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        *said, used = ended.stdout.splitlines()
        return "\n".join(said), int(used)

    return read


@pytest.mark.parametrize(
    ("name", "begins", "line"),
    [("t.csv", b"a,b\n1,", 2), ("t.tsv", b"a\n", 2), ("t.txt", b"one\ntwo\n", 3), ("t.jsonl", b'{}\n{"a":"', 2)],
)
def test_a_line_of_a_gigabyte_is_refused_with_its_number(read: Read, name: str, begins: bytes, line: int) -> None:
    said, used = read(name, [begins], size_bytes=10**9)
    assert said == f"{name}:{line}:1: the line is longer than 64,000,000 bytes"
    assert used < 250


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return gzip.compress(b'[{"a":"' + b"a" * 300_000_000, 1)


@pytest.mark.parametrize("name", ["t.csv.gz", "t.jsonl.gz", "t.json.gz", "t.txt.gz", "t.yaml.gz"])
def test_a_bomb_of_gzip_is_refused_with_little_memory(read: Read, bomb: bytes, name: str) -> None:
    said, used = read(name, [bomb])
    assert "grows more than 200-fold" in said or "is longer than" in said or "at most 20,000,000" in said
    assert used < 250


def test_an_item_of_a_json_list_that_does_not_end_is_refused(read: Read) -> None:
    said, used = read("t.json", [b'[{"a":1},{"a":"', *repeat(b"a" * 1_000_000, 130)])
    assert said == "t.json:1:10: row 2 cannot be read: it is longer than 64,000,000 characters"
    assert used < 250


def test_a_quoted_cell_that_does_not_end_is_refused_where_it_begins(read: Read) -> None:
    said, used = read("t.csv", [b'a,b\n1,"', *repeat((b"x" * 99 + b"\n") * 10_000, 130)])
    assert said.startswith("t.csv:2:1: ")
    assert used < 500


def test_a_row_of_many_quoted_cells_is_refused_where_it_begins(read: Read) -> None:
    cell = b'"' + (b"x" * 999 + b"\n") * 1_000 + b'",'
    said, used = read("t.csv", [b"a,b\n", *repeat(cell, 130)])
    assert said == "t.csv:2:1: the row that starts here is too large: at most 64,000,000 characters are read"
    assert used < 400


@pytest.mark.parametrize(
    ("name", "begins", "piece"),
    [
        ("t.jsonl", b'{"a":[', b"{},"),
        ("t.json", b'[{"a":[', b"[],"),
        ("t.csv", b"a\n", b",,,"),
        ("t.tsv", b"a\n", b"\t\t\t"),
        ("t.csv", b"", b"a,,"),
        ("t.tsv", b"", b"\t\t\t"),
    ],
)
def test_millions_of_tiny_values_are_refused_before_they_fill_the_memory(
    read: Read, name: str, begins: bytes, piece: bytes
) -> None:
    said, used = read(name, [begins, piece * 10_000_000])
    assert "it holds more than 1,000,000 values" in said
    assert used < 250


def test_a_key_that_is_there_twice_is_found_soon_among_many(read: Read) -> None:
    keys = "".join(f'"{number}":1,' for number in range(300_000))
    said, _ = read("t.jsonl", [f'{{{keys}"299999":2}}'.encode()])
    assert said == 't.jsonl:1:1: row 1 cannot be read: duplicate key "299999"'


def test_a_header_of_many_columns_or_long_names_is_one_short_problem(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(",".join(map(str, range(20_000))) + "\n")
    with pytest.raises(SpecError, match=r"the header has 20,000 columns; at most 10,000 are read"):
        list(open_rows(file, "t.csv"))
    file.write_text("a" * 5_000_000 + "," + "a" * 5_000_000 + "\n")
    with pytest.raises(SpecError, match="is this line the header") as caught:
        list(open_rows(file, "t.csv"))
    assert len(str(caught.value)) < 500


TEXT = "a teahouse in the morning, " * 20
ROW = json.dumps({"n": 1, "text": TEXT}).encode()


@pytest.mark.parametrize(
    ("name", "begins", "row", "ends"),
    [
        ("t.csv", b"n,text\n", f'1,"{TEXT}"\n'.encode(), b""),
        ("t.tsv", b"n\ttext\n", f"1\t{TEXT}\n".encode(), b""),
        ("t.jsonl", b"", ROW + b"\n", b""),
        ("t.json", b"[" + ROW, b"," + ROW, b"]"),
        ("t.txt", b"", f"{TEXT}\n".encode(), b""),
    ],
)
def test_a_large_honest_table_streams_with_little_memory(
    read: Read, name: str, begins: bytes, row: bytes, ends: bytes
) -> None:
    """Growth with the table would show: 60 MB are read in a process that uses 40 for itself."""
    said, used = read(name, [begins, *repeat(row * 1_000, 110), ends])
    assert int(said) in {110_000, 110_001}
    assert used < 80


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.json"])
def test_an_image_in_a_cell_is_read(tmp_path: Path, name: str) -> None:
    data = "data:image/png;base64," + "A" * 40_000_000
    text = f"image\n{data}x\n" if name == "t.csv" else json.dumps({"image": data + "x"})
    text = text.replace(",", ";", 1) if name == "t.csv" else text
    (tmp_path / name).write_text(f"[{text}]" if name == "t.json" else text)
    [row] = open_rows(tmp_path / name, name)
    assert str(row.cells["image"]).endswith("Ax")


def test_a_guess_among_thousands_of_long_columns_takes_no_time(tmp_path: Path) -> None:
    """Each comparison of two such names takes milliseconds, and there are thousands."""
    columns = [f"{'ab' * 450}{number}" for number in range(9_000)]
    (tmp_path / "wide.csv").write_text(",".join(columns) + "\n" + "," * 8_999 + "\n")
    spec = 'version: 1\nname: try\ncatalog: "2026-05"\nrequest: {model: imagen-4.0}\n'
    name = "ba" * 450
    (tmp_path / "spec.yaml").write_text(f"{spec}prompts: [{{from: wide.csv, text: '{{{{ row.{name} }}}}'}}]\n")
    command = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_CPU, (5, 5));"
        "from qwave_batch.cli.main import main; sys.exit(main(sys.argv[1:], sys.stdout, sys.stderr))"
    )
    line = [sys.executable, "-c", command, "validate", str(tmp_path / "spec.yaml")]
    ended = subprocess.run(line, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert len(ended.stderr) < 10_000
