"""``qwave-batch score`` as it is typed: output, exit statuses, and folders that runs and stores made."""

import json
from io import StringIO
from pathlib import Path

import pytest

from qwave_batch.cli.main import main
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock

SPEC = """
version: 1
name: tea
catalog: "2026-10"
matrix: {model: [z-image-turbo]}
prompts:
  - {id: one, text: "An old teahouse in autumn, soft light", meta: {text: "Two red bicycles under a bridge"}}
  - {id: two, text: "Two red bicycles under a bridge", meta: {text: "An old teahouse in autumn, soft light"}}
"""


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of the simulator, whose images show their prompt; the meta of each has the other one's text."""
    home = tmp_path_factory.mktemp("tea")
    (home / "tea.yaml").write_text(SPEC)
    assert main(["run", str(home / "tea.yaml"), "--simulate", "-o", str(home / "run")], StringIO(), StringIO()) == 0
    return home / "run"


def call(*argv: object) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main(["score", *map(str, argv)], stdout, stderr, environ={"COLUMNS": "400"})
    return status, stdout.getvalue(), stderr.getvalue()


def numbers(folder: Path, name: str) -> list[float]:
    lines = [json.loads(line) for line in (folder / "scores.jsonl").read_text().splitlines()]
    return [line["scores"][name] for line in lines if name in line.get("scores", {})]


def test_ocr_is_near_one_on_what_is_shown_and_near_zero_on_another_text(simulated: Path) -> None:
    pytest.importorskip("rapidocr", reason="without the extra ocr")
    assert call(simulated, "--with", "ocr", "--param", "against=prompt")[0] == 0
    assert min(numbers(simulated, "char_accuracy") + numbers(simulated, "word_accuracy")) > 0.95

    (simulated / "scores.jsonl").unlink()
    assert call(simulated, "--with", "ocr")[0] == 0
    assert max(numbers(simulated, "word_accuracy")) < 0.1
    assert max(numbers(simulated, "char_accuracy")) < 0.5
    assert min(numbers(simulated, "cer")) > 0.7


def test_json_has_the_figures_of_each_folder(six_pictures: Path) -> None:
    status, printed, _ = call(six_pictures, "--with", "checks", "--json")

    assert status == 0
    told = json.loads(printed)
    assert told["outputs"] == ["checks.blank", "checks.brightness", "checks.contrast", "checks.sharpness"]
    assert told["folders"] == [
        {
            "folder": str(six_pictures),
            "items": 6,
            "kept": 0,
            "scored": 6,
            "reused": 0,
            "failed": 0,
            "failures": {},
            "lacking": {},
            "cost_usd": 0,
        }
    ]


def test_a_condition_chooses_images(six_pictures: Path) -> None:
    _, printed, _ = call(six_pictures, "--with", "checks", "--where", "model == 'a'", "--json")

    assert json.loads(printed)["folders"][0]["items"] == 3


def test_damaged_images_end_with_status_one_and_are_told(six_pictures: Path) -> None:
    min((six_pictures / "images").iterdir()).unlink()
    status, printed, said = call(six_pictures, "--with", "checks")

    assert status == 1
    assert "1 item failed (1 image_missing), first: images/p-a_0.png is not there" in said
    assert "5" in printed


def test_scorers_are_listed() -> None:
    status, printed, _ = call("--list", "--json")

    assert status == 0
    assert {"name": "checks", "origin": "built in", "fault": None} in json.loads(printed)
    assert "checks" in call("--list")[1]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--with", "checks"], "takes run folders and --with SCORER"),
        (["DIR"], "takes run folders and --with SCORER"),
        (["DIR", "--with", "chekcs"], 'unknown scorer "chekcs"; did you mean "checks"'),
        (["DIR", "--with", "nowhere.yaml"], "the scorer nowhere.yaml can't be read"),
        (["DIR", "--with", "checks", "--param", "a=1"], 'unknown parameter of the scorer checks "a"; it takes none'),
        (["DIR", "--with", "checks", "--param", "a"], "not of the form KEY=VALUE"),
        (["DIR", "--with", "ocr", "--param", "case=x", "--param", "case=y"], "--param case=... is given twice"),
        (["DIR", "--with", "checks", "--where", "modle == 'a'"], 'unknown name in --where "modle"'),
        (["nowhere", "--with", "checks"], "there is no folder nowhere"),
    ],
)
def test_wrong_calls_end_with_status_two(six_pictures: Path, argv: list[str], message: str) -> None:
    status, _, said = call(*(str(six_pictures) if each == "DIR" else each for each in argv))

    assert (status, message in said) == (2, True), said
    assert not (six_pictures / "scores.jsonl").exists()


def test_verify_prune_and_check_know_the_file(simulated: Path) -> None:
    assert call(simulated, "--with", "checks")[0] == 0
    for command in (["verify"], ["check"], ["prune"]):
        said = StringIO()
        assert main([*command, str(simulated)], said, said, environ={"COLUMNS": "200"}) == 0
        assert "scores.jsonl" not in said.getvalue()
    assert (simulated / "scores.jsonl").exists()


def test_a_folder_whose_run_is_at_work_is_scored(simulated: Path) -> None:
    (simulated / "scores.jsonl").unlink(missing_ok=True)
    with FolderLock(RunLayout.existing(simulated)):
        assert call(simulated, "--with", "checks")[0] == 0
    assert len(numbers(simulated, "sharpness")) == 2
