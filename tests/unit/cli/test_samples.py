"""Prompts are seen before they are paid: by plan, validate, run --dry-run and run when it asks."""

import json
from io import StringIO
from pathlib import Path

import pytest

from qwave_batch.cli.drawing.samples import draw_samples, prompt_words
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.main import main
from qwave_batch.plan.plan_samples import JobSample

SPEC = """\
version: 1
name: kites
catalog: "2026-05"
request: {model: gpt-image-2}
prompts:
  - {id: k1, text: "A red kite"}
  - {id: k2, text: "A kite"}
  - {id: k3, text: "A kite\\nand \\e[31mits | tail"}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(*argv: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    assert main(argv, out, err) == 0
    return out.getvalue(), err.getvalue()


SHOWN = r"""samples:
  k1  gpt-image-2
    A red kite
  k2  gpt-image-2
    A kite
  k3  gpt-image-2
    A kite\nand \x1b[31mits | tail
"""


@pytest.mark.usefixtures("folder")
def test_plan_and_a_dry_run_show_samples_among_their_results() -> None:
    for argv in (["plan", "spec.yaml"], ["run", "spec.yaml", "--dry-run"]):
        assert SHOWN in told(*argv)[0]
    told("plan", "spec.yaml", "--out", "plan.jsonl")
    for argv in (["plan", "plan.jsonl"], ["run", "plan.jsonl", "--dry-run"]):
        assert SHOWN in told(*argv)[0]
    assert "samples" not in told("plan", "spec.yaml", "--samples", "0")[0]
    assert "k2" not in told("plan", "spec.yaml", "--samples", "2")[0]


@pytest.mark.usefixtures("folder")
def test_json_lists_samples_whole() -> None:
    for argv in (["plan", "spec.yaml", "--json"], ["run", "spec.yaml", "--dry-run", "--json"]):
        samples = json.loads(told(*argv)[0])["samples"]
        assert [sample["prompt_id"] for sample in samples] == ["k1", "k2", "k3"]
        assert samples[2]["prompt"] == "A kite\nand \x1b[31mits | tail"
    assert json.loads(told("plan", "spec.yaml", "--json", "--samples", "0")[0])["samples"] == []


@pytest.mark.usefixtures("folder")
def test_markdown_folds_samples_away() -> None:
    text = told("plan", "spec.yaml", "--format", "markdown")[0]
    assert "<details><summary>3 samples</summary>" in text
    assert "- k1, gpt-image-2: A red kite\n" in text
    assert r"\| tail" in text


@pytest.mark.usefixtures("folder")
def test_validate_shows_samples_as_text_only() -> None:
    out, err = told("validate", "spec.yaml")
    assert (out, SHOWN in err) == ("", True)
    for form in ("json", "github"):
        out, err = told("validate", "spec.yaml", "--format", form)
        assert "kite" not in out.replace("kites", "") + err


def test_validate_shows_no_samples_of_a_spec_with_errors(folder: Path) -> None:
    (folder / "bad.yaml").write_text(SPEC.replace("gpt-image-2", "gpt-image-9"), encoding="utf-8")
    err = StringIO()
    assert main(["validate", "bad.yaml", "spec.yaml"], StringIO(), err) == 2
    assert err.getvalue().count("samples:") == 1


def sample(prompt: str) -> JobSample:
    return JobSample(job_id="0" * 16, index=0, prompt_id="a", model="m", prompt=prompt, varies={"seed": 1, "n": None})


def test_a_prompt_of_several_screens_is_cut_with_its_length() -> None:
    assert prompt_words(sample("x" * 1000)) == "x" * 1000
    assert prompt_words(sample("x" * 1234)) == "x" * 1000 + "... (1,234 characters)"


def test_blanks_around_a_prompt_are_seen() -> None:
    assert prompt_words(sample("  a  kite ")) == r"\x20\x20a  kite\x20"
    assert prompt_words(sample("")) == "(no prompt)"


def test_what_varies_stands_behind_the_model_and_is_not_torn_apart() -> None:
    assert draw_samples([sample("x")], Terminal(width=80))[1] == "  a  m  seed 1  n null"
    assert draw_samples([], Terminal(width=80)) == []
