"""Figures for papers: the same numbers give the same bytes, and no label is cut."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from qwave_batch import lazy
from qwave_batch.errors import MissingExtra
from qwave_batch.report import figure_files
from qwave_batch.report.figure_counting import FigureCounter
from qwave_batch.report.figure_drawing import FIGURES, draw_figures, figures_to_draw
from qwave_batch.report.figure_files import write_figures
from qwave_batch.report.figure_numbers import FigureNumbers, ScoreRow
from qwave_batch.scoring.scorer import Better, Output
from tests.unit.report.test_figure_numbers import BLOCKED, BROKEN, DONE, NOON

LONG = "a-vendor/a-model-whose-name-never-ends-모델-" * 2
NAMES = ("$x$ <b>&amp;\n\x01 $y$", LONG)
OUTPUTS = {
    "ocr.words": Output((0, 1), Better.HIGHER),
    "wild.far_down": Output(unit="$x$ <b>שלום</b>"),
    "wild.small": Output((None, None), Better.LOWER),
    f"{'w' * 63}.{'x' * 63}": Output(),
}
SUMMARY = {
    "requests": {"submit": 9, "poll": 9, "download": 9, "retried": 1},
    "started_at": "2026-11-22T08:00:00.000Z",
    "limits": {"throttled_submits": {LONG: 7}, "throttled_polls": 2, "waited_seconds": {"quota": 61.5}},
}


def numbers(*folders: str) -> FigureNumbers:
    counter = FigureCounter(folders)
    for folder in range(len(folders)):
        for place, name in enumerate(NAMES * 5):
            seconds = 0.5 * 1.7**place
            end = NOON + 30.0 * place + 9_000.0 * (place > 6)
            line = replace(DONE, model=name, tags=(name,), seconds=seconds, submitted_at=end - 5, completed_at=end)
            counter.add(folder, line)
            counter.add(folder, replace(BROKEN if place % 2 else BLOCKED, model=name, tags=()))
        counter.add_summary(folder, SUMMARY)
    rows = tuple(score_rows(len(folders)))
    return replace(counter.numbers(), outputs=OUTPUTS, scores=rows)


def score_rows(folders: int) -> Iterator[ScoreRow]:
    """Yield means of all models: ordinary ones, huge and tiny ones, and some that nothing can draw."""
    for output, mean in zip(OUTPUTS, (0.8, -2e250, 1e-300, 1e308), strict=True):
        for folder, name in product(range(folders), NAMES):
            interval = {} if mean < 0 else {"low": mean * 0.9, "high": mean * 1.1}
            yield ScoreRow(score=output, model=name, folder=folder, images=3, prompts=3, mean=mean, **interval)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("figures") / "out"
    told = write_figures(numbers("one", "other"), out)
    assert (set(told.names), told.empty) == (set(FIGURES), ())
    return out


def test_the_same_numbers_give_the_same_bytes(written: Path) -> None:
    drawn = next(draw_figures(numbers("one", "other")))
    files = {file.name: file.read_bytes() for file in written.iterdir()}
    assert (files["latency.svg"], files["latency.png"]) == (drawn.svg, drawn.png)
    assert {Path(name).suffix for name in files} == {".svg", ".png", ".csv"}


@pytest.mark.parametrize("name", FIGURES)
def test_no_label_is_cut(written: Path, name: str) -> None:
    """Nothing is drawn at the very edge: a label that was cut would be."""
    with Image.open(written / f"{name}.png") as opened:
        image = opened.convert("RGB")
    drawn = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox()
    assert drawn is not None
    left, top, right, bottom = drawn
    assert (left > 0, top > 0, right < image.width, bottom < image.height) == (True,) * 4
    assert image.width == 1005


def test_a_name_is_never_markup_nor_a_formula(written: Path) -> None:
    svg = (written / "latency.svg").read_text("utf-8")
    assert "<b>" not in svg
    assert "<dc:date>" not in svg


def test_the_tables_hold_the_numbers(written: Path) -> None:
    head, *rows = (written / "cost.csv").read_text("utf-8").splitlines()
    assert head == "model,folder,usd,jobs,completed,images,usd_per_image,usd_per_completed"
    assert f"{LONG},all,2.5,20,10,20,0.125,0.25" in rows
    assert (written / "limits.csv").read_text("utf-8").count("quota,,61.5") == 2


def test_stages_have_figures_where_there_are_any() -> None:
    counter = FigureCounter(("one",))
    counter.add(0, DONE)
    assert figures_to_draw(counter.numbers()) == FIGURES
    counter.add(0, replace(DONE, stage="draft", cost_usd=0.5))
    told = counter.numbers()
    drawn = {name: lazy.matplotlib_figure.Figure() for name in figures_to_draw(told).keys() - FIGURES.keys()}
    assert set(drawn) == {"latency-by-stage", "outcomes-by-stage", "cost-by-stage"}
    assert all(figures_to_draw(told)[name](told, figure) for name, figure in drawn.items())
    labels = {name: [text.get_text() for text in figure.axes[0].get_yticklabels()] for name, figure in drawn.items()}
    assert labels["cost-by-stage"] == ["draft"]
    assert labels["latency-by-stage"] == ["draft (n=1)"]


def test_a_folder_without_images_has_no_empty_figures(tmp_path: Path) -> None:
    told = write_figures(FigureCounter(("one",)).numbers(), tmp_path)
    assert (told.names, list(tmp_path.iterdir())) == ((), [])


def test_without_matplotlib_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figure_files, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"pip install 'qwave-batch\[figures\]'"):
        write_figures(numbers("one"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
