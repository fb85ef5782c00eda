"""`report --sheet` and `report --figures`: what is on them, and what is refused before anything is written."""

import io
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from qwave_batch.cli.main import main

Report = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def run_report(run_folder: Path) -> Report:
    """Run the command on a folder; return its status, its JSON, and what it says."""

    def run(*options: str, folders: Sequence[Path] = (run_folder,)) -> tuple[int, Any, str]:
        out, err = io.StringIO(), io.StringIO()
        status = main(["report", *map(str, folders), *options, "--json"], out, err, environ={})
        return status, json.loads(out.getvalue() or "null"), err.getvalue()

    return run


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Path:
    path = tmp_path_factory.mktemp("sheet") / "sheet.png"
    talk = io.StringIO()
    assert main(["report", str(run_folder), "--sheet", str(path), "--cell", "96"], talk, talk, environ={}) == 0
    return path


def files_of(folder: Path) -> set[str]:
    """Return the names of its files; SQLite comes and goes with files beside the ledger."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if ".qwave" not in path.parts}


def test_a_sheet_has_every_row_and_column(run_report: Report, run_folder: Path, tmp_path: Path) -> None:
    before = files_of(run_folder)
    path = tmp_path / "sheet.png"
    status, told, said = run_report("--sheet", str(path), "--cell", "64")
    assert (status, files_of(run_folder) - before) == (0, set())
    assert {key: told["sheet"][key] for key in ("rows", "columns", "jobs", "pages")} == {
        "rows": 7, "columns": 4, "jobs": 66, "pages": 1,
    }  # fmt: skip
    with Image.open(path) as picture:
        assert list(picture.size) == told["sheet"]["pixels"]
        drawn = ImageChops.difference(picture, Image.new("RGB", picture.size, "white")).getbbox()
    assert drawn is not None
    assert drawn[0] >= 20
    assert drawn[2] <= picture.width - 20
    assert "66 jobs in 7 rows and 4 columns" in said


def test_the_same_folder_gives_the_same_bytes(run_report: Report, sheet: Path, tmp_path: Path) -> None:
    run_report("--sheet", str(tmp_path / "new" / "again.png"), "--cell", "96")
    assert (tmp_path / "new" / "again.png").read_bytes() == sheet.read_bytes()


def test_the_view_of_a_page_is_printed(run_report: Report, tmp_path: Path) -> None:
    """Two prompts have the tag, in two models with two seeds and two ratios."""
    view = "#page=grid&rows=seed&cols=model&supercols=aspect_ratio&tag=street&model=wan2.7-image&job=3f0c"
    _, told, _ = run_report("--sheet", str(tmp_path / "sheet.png"), "--view", view, "--cell", "64")
    assert [told["sheet"][key] for key in ("rows", "columns", "jobs")] == [2, 2, 8]


def test_a_pdf_has_several_pages(run_report: Report, run_folder: Path, nasty_folder: Path, tmp_path: Path) -> None:
    _, told, _ = run_report("--sheet", str(tmp_path / "s.pdf"), folders=(run_folder, nasty_folder))
    data = (tmp_path / "s.pdf").read_bytes()
    assert data.count(b"/Type /Page ") == told["sheet"]["pages"] > 3
    assert data.startswith(b"%PDF-1.4")


def test_a_missing_image_is_told_by_a_word_and_the_rest_is_drawn(
    run_report: Report, run_folder: Path, tmp_path: Path, sheet: Path
) -> None:
    folder = tmp_path / "copy"
    for path in run_folder.rglob("*"):
        target = folder / path.relative_to(run_folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and ".qwave" not in path.parts:
            os.link(path, target)
    gone = next(iter(sorted((folder / "images").rglob("*.png"))))
    gone.unlink()
    status, told, _ = run_report("--sheet", str(tmp_path / "sheet.png"), "--cell", "96", folders=(folder,))
    assert (status, told["sheet"]["jobs"]) == (0, 66)
    with Image.open(tmp_path / "sheet.png") as one, Image.open(sheet) as other:
        assert one.size == other.size
        changed = ImageChops.difference(one, other).getbbox()
    assert changed is not None


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--sheet", "OUT.gif"), "is neither a .png nor a .pdf"),
        (("--sheet", "OUT.png", "--view", "rows=nothing"), 'unknown axis "nothing"; there is prompt, model'),
        (("--sheet", "OUT.png", "--view", "model=gpt-image-3"), 'unknown model "gpt-image-3"; did you mean'),
        (("--sheet", "OUT.png", "--view", "q=nobody wrote this"), "the view selects no job"),
        (("--sheet", "OUT.png", "--cell", "2049"), "cells are from 48 to 2,048 pixels wide, found 2,049"),
        (("--sheet", "OUT.png", "--cell", "2048", "--view", "superrows=tag"), "or write a PDF, which has pages"),
        (("--sheet", "OUT.png", "--font", "/dev/null"), "/dev/null is not a font that can be read"),
        (("--view", "rows=model"), "--view is about the contact sheet"),
        (("--sheet", "RUN/images/OUT.png"), "whose files belong to the run: name another place"),
        (("--figures", "RUN/images"), "whose files belong to the run: name another place"),
        (("--figures", "RUN/manifest.jsonl"), "and figures are several files; name a folder"),
    ],
)
def test_what_is_not_right_is_refused_and_nothing_is_written(
    run_report: Report, run_folder: Path, tmp_path: Path, options: tuple[str, ...], why: str
) -> None:
    before = files_of(run_folder)
    given = [each.replace("OUT", str(tmp_path / "out")).replace("RUN", str(run_folder)) for each in options]
    given = [each.replace(f"{run_folder}/images/{tmp_path}/", f"{run_folder}/images/") for each in given]
    status, _, said = run_report(*given)
    assert (status, why in " ".join(said.split())) == (2, True), said
    assert (list(tmp_path.iterdir()), files_of(run_folder)) == ([], before)


def test_figures_are_written_beside_their_tables_and_say_what_has_no_numbers(
    run_report: Report, tmp_path: Path
) -> None:
    status, told, said = run_report("--figures", str(tmp_path / "figures"))
    assert (status, told["figures"]["without_numbers"]) == (0, ["limits", "score-by-model", "score-per-dollar"])
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert {f"latency{ending}" for ending in (".svg", ".png", ".csv")} < names
    assert "6 figures as SVG and PNG" in said
    rows = (tmp_path / "figures" / "outcomes-by-model.csv").read_text("utf-8").splitlines()
    assert rows[0].startswith("model,folder,jobs,completed,failed,refused")
    assert sum(int(row.split(",")[2]) for row in rows[1:]) == 66


def test_the_page_is_written_too_where_its_place_is_named(run_report: Report, tmp_path: Path) -> None:
    _, told, _ = run_report("--sheet", str(tmp_path / "s.png"), "--cell", "48", "-o", str(tmp_path / "page"))
    assert (tmp_path / "page" / "index.html").is_file()
    assert (told["jobs"], told["sheet"]["jobs"]) == (66, 66)
