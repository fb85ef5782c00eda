"""docs/scores.md: its commands run, its plug-in scores, its files are right, and its adapters keep to the lines."""

import os
import re
import sys
from pathlib import Path

import pytest

from qwave_batch.scores import ScoreReport, ScoreRequest, score_folders
from qwave_batch.scoring.command_file import read_command_file
from tests.docs.run_page import run_page
from tests.painted_folders import painted, painted_folder

STAND_INS = {
    "clip_scorer.py": {
        "numpy.py": "def array(image): return image",
        "torch.py": (
            "class Pixels:\n    def permute(self, *order): return order\ndef from_numpy(array): return Pixels()"
        ),
        "torchmetrics/__init__.py": "",
        "torchmetrics/functional/__init__.py": "",
        "torchmetrics/functional/multimodal.py": (
            "def clip_score(pixels, text, *, model_name_or_path):\n"
            "    if 'bad' in text: raise ValueError('too long')\n"
            "    return 20.5"
        ),
    },
    "hps_scorer.py": {
        "hpsv2.py": (
            "def score(path, text, *, hps_version):\n"
            '    print(\'{"not": "an answer"}\')\n'
            "    if 'bad' in text: raise ValueError('too long')\n"
            "    return [0.25]"
        ),
    },
}
"""Files that take the place of the libraries, by adapter."""


@pytest.fixture(scope="module")
def page(checkout: Path) -> str:
    return (checkout / "docs" / "scores.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, of which one has a bad prompt."""
    return painted_folder(tmp_path / "run", {("good", "m"): [painted(1)], ("bad", "m"): [painted(2)]})


def test_every_command_of_the_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = "".join(f"```sh\n{block}```\n" for block in blocks(page, "sh"))
    run_page(commands, dict(os.environ))

    with (tmp_path / "scores.csv").open() as file:
        assert {"score_checks_sharpness", "score_ocr_char_accuracy"} <= set(file.readline().strip().split(","))


def test_the_plug_in_of_the_page_scores(
    page: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plug_in,) = (block for block in blocks(page, "python") if "class Size" in block)
    (point,) = re.findall(r"^(\w+) = \"my_package\.scorers:(\w+)\"", page, flags=re.MULTILINE)
    site = tmp_path / "site"
    (site / "docs_plug.dist-info").mkdir(parents=True)
    (site / "docs_plug.py").write_text(plug_in)
    (site / "docs_plug.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: docs-plug\nVersion: 1\n")
    (site / "docs_plug.dist-info" / "entry_points.txt").write_text(
        f"[qwave_batch.scorers]\n{point[0]} = docs_plug:{point[1]}\n"
    )
    monkeypatch.syspath_prepend(site)
    report = score_folders(ScoreRequest(folders=[folder], scorer="size"))

    assert (report.folders[0].counts.scored, list(report.outputs)) == (2, ["bytes_per_pixel"])


def test_the_files_of_commands_are_right(page: str, tmp_path: Path) -> None:
    names = []
    for block in blocks(page, "yaml"):
        file = tmp_path / "scorer.yaml"
        file.write_text(block)
        names.append(read_command_file(file, {}).name)
    assert names == ["clip", "hpsv2"]


@pytest.mark.parametrize("script", STAND_INS)
def test_the_adapters_keep_to_the_lines(page: str, folder: Path, tmp_path: Path, script: str) -> None:
    """Each runs as it stands on the page, with files in the place of its library."""
    (adapter,) = (block for block in blocks(page, "python") if block.startswith(f"# {script}"))
    (described,) = (block for block in blocks(page, "yaml") if script in block)
    site = tmp_path / "site"
    for name, text in STAND_INS[script].items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    file = tmp_path / "scorer.yaml"
    command = re.sub(r"command: .*", f"command: [{sys.executable}, {script}]", described)
    file.write_text(command)
    (tmp_path / script).write_text(f"import sys\nsys.path.insert(0, {str(site)!r})\n{adapter}")
    report = score(file, folder)

    assert (report.folders[0].counts.scored, dict(report.folders[0].counts.failures)) == (1, {"ValueError": 1})


def score(file: Path, folder: Path) -> ScoreReport:
    return score_folders(ScoreRequest(folders=[folder], scorer=str(file)))
