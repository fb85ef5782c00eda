"""The message about a missing file gives the reason, and a suggestion that works."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.plan.planner import make_plan
from qwave_batch.spec.document import Spec

Complain = Callable[..., list[str]]
Load = Callable[..., Spec]


def complaint(complain: Complain, name: str, key: str = "table") -> str:
    """The message for a file of this name, without its place."""
    text = f'prompts: [{{from: "{name}", text: x}}]\n' if key == "table" else f'extends: "{name}"\nprompts: [x]\n'
    (said,) = complain(text)
    return said.partition(": ")[2]


@pytest.mark.parametrize("key", ["table", "base"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("https://files.example.com/maps.csv", "is a URL, but only local files are read; download it first"),
        ("s3://bucket/maps.csv", "is a URL, but only local files are read; download it first"),
        ("www.example.com/maps.csv", "is a URL, but only local files are read; download it first"),
        ("hf://datasets/x/maps.csv", "is a URL, but only local files are read; download it first"),
        ("gs://bucket/maps.parquet", "is a URL, but only local files are read; download it first"),
        ("file:///data/maps.csv", 'is a file: URL; write the path instead; write "/data/maps.csv"'),
        ("file:maps.csv", 'is a file: URL; write the path instead; write "maps.csv"'),
        ("~/maps.csv", "starts with ~, which is not expanded here; write the path relative to the spec's folder"),
        ("~ann/maps.csv", "starts with ~, which is not expanded here; write the path relative to the spec's folder"),
        ("$HOME/maps.csv", "contains a shell variable, which is not expanded here"),
        ("data/${SET}/maps.csv", "contains a shell variable, which is not expanded here"),
        ("%USERPROFILE%/maps.csv", "contains a shell variable, which is not expanded here"),
        ("data\\\\maps.csv", 'has backslashes; separate folders with / here; write "data/maps.csv"'),
        ("C:\\\\data\\\\maps.csv", "is a Windows path; write the path relative to the spec's folder, with / between"),
        ("C:/data/maps.csv", "is a Windows path; write the path relative to the spec's folder, with / between folders"),
        ("map*.csv", "is a pattern, which is not expanded here; write an entry for each file: map.csv, maps.csv"),
        ("data/*.csv", "write an entry for each file: towns.csv"),
        ("*/towns.csv", "is a pattern, which is not expanded here"),
        ("map?.csv", "write an entry for each file: maps.csv"),
        ("map[s].csv", "write an entry for each file: maps.csv"),
        ("{map,maps}.csv", "is a pattern"),
        ("data", "is a folder, not a file; name a file inside it"),
        ("Maps.csv", 'does not exist; the file is called "maps.csv"; write "maps.csv"'),
        ("Data/towns.csv", 'does not exist; the file is called "data"; write "data/towns.csv"'),
        ("data/town.csv", 'did you mean "data/towns.csv"?'),
        ("maps", 'did you mean "maps.csv"?'),
        ("maps.csv.gz", 'did you mean "maps.csv"?'),
        ("mapss.csv", 'did you mean "maps.csv"?'),
        ("nothing-like-it.csv", "does not exist; looked for it at "),
    ],
)  # fmt: skip
def test_a_name_that_leads_to_no_file_says_why(
    complain: Complain, folder: Path, name: str, said: str, key: str
) -> None:
    (folder / "data").mkdir()
    for file in ("map.csv", "maps.csv", "data/towns.csv"):
        (folder / file).write_text("map\nA map\n")
    assert said in complaint(complain, name, key)


@pytest.mark.parametrize(("there", "form"), [("NFC", "NFC"), ("NFD", "NFD")])
@pytest.mark.parametrize("name", ["café.csv", "möbel/ünï.csv"])
def test_a_name_in_another_unicode_form_is_told(
    complain: Complain, folder: Path, name: str, there: Literal["NFC", "NFD"], form: str
) -> None:
    file = folder / unicodedata.normalize(there, name)
    file.parent.mkdir(exist_ok=True)
    file.write_text("map\n")
    written = unicodedata.normalize("NFD" if there == "NFC" else "NFC", name)
    said = complaint(complain, written)
    assert f"a file whose name looks the same does, with its accents in another Unicode form ({form})" in said
    assert said.endswith("rename it, or copy its name")


@pytest.mark.parametrize(
    ("there", "written", "said"),
    [
        ("maps\u00a01.csv", "maps 1.csv", "U+00A0 (NO-BREAK SPACE) in it"),
        ("maps\u200b.csv", "maps.csv", "U+200B (ZERO WIDTH SPACE) in it"),
        ("maps.csv", "maps\u200b.csv", "no U+200B (ZERO WIDTH SPACE) in it"),
        ("maps.csv ", "maps.csv", "a space after it"),
        ("maps  1.csv", "maps 1.csv", "other spaces in it"),
    ],
)
def test_a_name_with_what_nobody_sees_is_told(
    complain: Complain, folder: Path, there: str, written: str, said: str
) -> None:
    (folder / there).write_text("map\n")
    assert said in complaint(complain, written)


def test_a_name_that_looks_like_a_pattern_or_a_variable_and_is_there_is_read(load: Load) -> None:
    for name in ("map[1].csv", "$x.csv", "~maps.csv", "what?.csv"):
        spec = load(f'prompts: [{{from: "{name}", text: "{{{{ row.map }}}}"}}]\n', files={name: "map\nA map\n"})
        assert spec.prompts[0].table is not None


def test_nothing_outside_of_the_work_tree_is_guessed(complain: Complain, folder: Path) -> None:
    (folder.parent / "secret.csv").write_text("map\n")
    assert "secret.csv" not in complaint(complain, "../secre.csv").replace("secre.csv", "")


def test_a_column_that_looks_like_another_names_the_character(load: Load) -> None:
    head = 'request: {model: z-image-turbo}\nprompts: [{from: t.csv, text: "{{ row.cake }}"}]\n'
    for header, said in (
        ("cake\u00a0", "U+00A0 (NO-BREAK SPACE)"),
        ("\u200bcake", "U+200B (ZERO WIDTH SPACE)"),
        ("cake ", "a space after it"),
    ):
        with pytest.raises(SpecError, match="has no column") as caught:
            make_plan(load(head, files={"t.csv": f"{header},n\nx,1\n"}))
        assert said in str(caught.value)
