"""A spec reads its own work tree, and other folders only if they are allowed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.spec.document import Spec
from qwave_batch.spec.inputs.file_access import FileAccess, FileRefused

Complain = Callable[..., list[str]]
Load = Callable[..., Spec]


def refusal(inputs: FileAccess, name: str) -> str:
    with pytest.raises(FileRefused) as caught:
        inputs.resolve(name)
    return str(caught.value)


def test_without_a_work_tree_the_specs_folder_is_the_bound(folder: Path) -> None:
    (folder.parent / "x.csv").write_text("a\n")
    with pytest.raises(FileRefused) as caught:
        FileAccess.around(folder).resolve("../x.csv")
    assert str(caught.value) == f'"../x.csv" is outside the spec\'s folder ({folder})'
    assert caught.value.next_steps == (Advice(NextStep.ALLOW_READ, str(folder.parent)),)


@pytest.mark.parametrize("is_file", [True, False], ids=["linked", "plain"])
def test_within_its_work_tree_a_spec_reads_everywhere(folder: Path, is_file: bool) -> None:  # noqa: FBT001
    git = folder.parent / ".git"
    git.write_text("gitdir: elsewhere\n") if is_file else git.mkdir()
    (folder.parent / "x.csv").write_text("a\n")
    inputs = FileAccess.around(folder)
    assert inputs.resolve("../x.csv") == (folder.parent / "x.csv").resolve()
    assert "is outside the spec's git work tree" in refusal(inputs, "../../x.csv")


def test_a_folder_that_was_allowed_is_read(folder: Path) -> None:
    (folder.parent / "x.csv").write_text("a\n")
    inputs = FileAccess.around(folder, allow_read=[folder.parent])
    assert inputs.resolve("../x.csv") == (folder.parent / "x.csv").resolve()
    assert inputs.resolve(str(folder.parent / "x.csv")) == (folder.parent / "x.csv").resolve()


def test_a_symlink_leads_no_way_out(folder: Path) -> None:
    (folder.parent / "secret.csv").write_text("a\n")
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    (folder / "round.csv").symlink_to(folder / "round.csv")
    inputs = FileAccess.around(folder)
    assert "is outside the spec's folder" in refusal(inputs, "link.csv")
    assert refusal(inputs, "round.csv").startswith('"round.csv"')


def test_what_cannot_be_a_table_says_why(folder: Path) -> None:
    inputs = FileAccess.around(folder)
    assert refusal(inputs, "no.csv") == f'"no.csv" does not exist; looked for it at {folder / "no.csv"}'
    assert refusal(inputs, ".") == '"." is a folder, not a file; name a file inside it'
    assert refusal(inputs, "a\0b") == "a file name cannot contain a NUL character"
    assert refusal(inputs, "x" * 5000) == f'"{"x" * 99}…" cannot be opened: file name too long'


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser reads everything")
def test_a_table_that_may_not_be_read_says_so(load: Load, complain: Complain, folder: Path) -> None:
    (folder / "t.csv").write_text("a\n")
    (folder / "t.csv").chmod(0)
    assert complain("prompts: [{from: t.csv, text: x}]\n") == [
        "t.csv:1:1  prompts[0].from: the file cannot be read: permission denied"
    ]


def test_every_refused_table_is_a_problem_at_its_place(complain: Complain) -> None:
    text = "prompts:\n  - {from: ../x.csv, text: x}\n  - {from: no.csv, text: x}\n  - {from: a.xlsx, text: x}\n"
    said = complain(text, files={"a.xlsx": ""})
    assert [line.split(": ")[0] for line in said] == [
        "spec.yaml:5:12  prompts[0].from",
        "spec.yaml:6:12  prompts[1].from",
        "a.xlsx:1:1  prompts[2].from",
    ]
