"""The commands over a run folder, against the embedded API: what is printed where, and with which exit status."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.cli.main import main
from tests.forked_programs import ForkedProgram

SPEC = """\
version: 1
name: small
catalog: "2026-05"
request: {resolution: 1K, seed: 1}
prompts:
  - {id: cat, text: A cat asleep on a windowsill}
  - {id: dog, text: "A dog at the door"}
matrix:
  model: [gpt-image-2, z-image-turbo]
"""

IMAGES = {".jpg", ".png", ".webp"}


def call(*argv: object, **environ: str) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main([str(argument) for argument in argv], stdout, stderr, environ={"COLUMNS": "600", **environ})
    return status, stdout.getvalue(), stderr.getvalue()


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(SPEC, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def fast(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a simulator that answers at once."""
    with simulator(checkout, tmp_path_factory.mktemp("server"), "--latency", "0.01") as base_url:
        yield base_url


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(fast: str) -> Run:
    """``qwave-batch run`` against that simulator."""
    return partial(call, "run", "--base-url", fast, QWAVE_API_KEY="k")


@pytest.fixture
def made(spec: Path, tmp_path: Path, run: Run) -> Path:
    folder = tmp_path / "made"
    assert run(spec, "-o", folder)[0] == 0
    return folder


def process(checkout: Path, *argv: object, cwd: Path, **environ: str) -> ForkedProgram:
    return ForkedProgram(
        [*map(str, argv)],
        cwd=cwd,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def simulator(checkout: Path, tmp_path: Path, *argv: str) -> Iterator[str]:
    """A simulator in a process of its own."""
    server = process(checkout, "simulator", "--port", 0, "--catalog", "2026-05", *argv, cwd=tmp_path)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=20)
    assert server.returncode == 0


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]


def wait_for(check: Any, *, timeout_s: float = 20) -> None:
    end = time.monotonic() + timeout_s
    while not check():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_init_writes_a_spec_that_is_valid_and_runs(tmp_path: Path) -> None:
    assert call("init", tmp_path / "new")[0] == 0
    spec = tmp_path / "new" / "quickstart.yaml"
    assert call("validate", spec, "--format", "json")[:2] == (0, "[]\n")
    modeline = spec.read_text(encoding="utf-8").splitlines()[0]
    assert (spec.parent / modeline.partition("$schema=")[2]).is_file()
    assert call("run", spec, "--simulate", "-o", tmp_path / "made")[0] == 0


def test_init_never_overwrites(tmp_path: Path) -> None:
    mine = tmp_path / "quickstart.yaml"
    mine.write_text("mine", encoding="utf-8")
    status, _, talk = call("init", tmp_path)
    assert (status, mine.read_text(encoding="utf-8")) == (2, "mine")
    assert "is there already" in talk
    assert list(tmp_path.iterdir()) == [mine]


def test_validate_prints_problems_as_asked(spec: Path) -> None:
    spec.write_text(SPEC.replace("seed: 1", "seed: -7").replace("A dog", "A {{ dog }}"), encoding="utf-8")
    status, out, talk = call("validate", spec)
    assert (status, out) == (2, "")
    assert re.search(rf"{re.escape(str(spec))}:4:\d+  request.seed: ", talk)
    status, out, _ = call("validate", spec, "--format", "json")
    problems = json.loads(out)
    assert status == 2
    assert {"file", "line", "column", "path", "message", "value", "allowed", "suggestion"} <= problems[0].keys()
    status, out, _ = call("validate", spec, "--format", "github")
    assert status == 2
    assert out.count("::error file=") == len(problems)


def test_validate_of_a_good_spec_says_so(spec: Path) -> None:
    status, out, talk = call("validate", spec)
    assert (status, out) == (0, "")
    assert talk.startswith(f"{spec}: all right\nsamples:\n")


def test_plan_prints_figures_to_stdout(spec: Path) -> None:
    status, out, talk = call("plan", spec)
    assert (status, talk) == (0, "")
    assert re.search(r"total +4 +4 +0\.034 ", out)


def test_plan_json_has_the_shape_that_is_promised(spec: Path) -> None:
    plan = json.loads(call("plan", spec, "--json")[1])
    assert list(plan) == [
        "name", "spec_sha256", "catalog", "jobs", "images", "folded", "skipped", "estimated_usd", "estimate",
        "by_model", "skips", "samples",
    ]  # fmt: skip
    assert plan["by_model"]["z-image-turbo"] == {"jobs": 2, "images": 2, "estimated_usd": 0.02125}


def test_a_plan_file_is_run_as_it_stands(spec: Path, tmp_path: Path, run: Run) -> None:
    file = tmp_path / "plan.jsonl"
    assert call("plan", spec, "--out", file)[0] == 0
    header, *jobs = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert (header["plan"], len(jobs)) == (1, 4)
    spec.unlink()
    assert run(file, "-o", tmp_path / "made")[0] == 0
    assert [line["job_id"] for line in lines_of(tmp_path / "made")] == [job["job_id"] for job in jobs]
    status, _, talk = run(file, "--set", "repeat=2")
    assert status == 2
    assert "as it stands" in talk


def test_a_run_says_what_was_made_where_and_for_how_much(spec: Path, tmp_path: Path, run: Run) -> None:
    status, out, talk = run(spec, "-o", tmp_path / "made")
    assert (status, out) == (0, "")
    assert re.search(rf"^4 of 4 jobs done: 4 images in {tmp_path / 'made'}, 0\.03\d+ USD in", talk, re.MULTILINE)


def test_run_json_prints_summary_json(spec: Path, tmp_path: Path, run: Run) -> None:
    status, out, _ = run(spec, "-o", tmp_path / "made", "--json")
    assert status == 0
    assert json.loads(out) == json.loads((tmp_path / "made" / "summary.json").read_text(encoding="utf-8"))
    assert json.loads(out)["completed"] == 4


def test_a_second_run_submits_nothing(spec: Path, made: Path, run: Run) -> None:
    status, out, _ = run(spec, "-o", made, "--json")
    assert (status, json.loads(out)["requests"]["submit"]) == (0, 0)


def test_dry_run_is_plan(spec: Path, tmp_path: Path) -> None:
    assert call("run", spec, "--dry-run", "-o", tmp_path / "made")[:2] == call("plan", spec)[:2]
    assert not (tmp_path / "made").exists()


def test_only_and_limit_make_a_part_and_the_manifest_holds_the_whole(spec: Path, tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "made"
    status, _, _ = run(spec, "-o", folder, "--only", "prompt_id == 'dog'", "--limit", 1)
    assert status == 0
    assert [(line["prompt_id"], line["status"]) for line in lines_of(folder)] == [
        ("cat", "pending"), ("cat", "pending"), ("dog", "completed"), ("dog", "pending"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("promt_id == 'dog'", 'did you mean "prompt_id"?'),
        ("prompt_id ==", 'condition "prompt_id ==" does not parse'),
        ("prompt_id", "not true or false"),
        ("prompt_id == 'fish'", "no job of the plan meets the condition"),
    ],
)
def test_a_wrong_expression_is_told_before_anything_is_sent(
    spec: Path, tmp_path: Path, expression: str, words: str, run: Run
) -> None:
    status, _, talk = run(spec, "-o", tmp_path / "made", "--only", expression)
    assert status == 2
    assert words in talk


def test_set_overrides_and_is_written_down(spec: Path, tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "made"
    assert run(spec, "-o", folder, "--set", "matrix.model=[z-image-turbo]")[0] == 0
    assert len(lines_of(folder)) == 2
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["overrides"] == ["matrix.model=[z-image-turbo]"]
    assert (folder / "spec.yaml").read_bytes() == spec.read_bytes()


def test_status_and_verify_of_a_whole_folder(made: Path) -> None:
    status, out, _ = call("status", made)
    assert status == 0
    assert "4 jobs: 4 completed" in out
    assert json.loads(call("status", made, "--json")[1])["live"] is False
    status, out, _ = call("verify", made)
    assert (status, out.split(":")[0]) == (0, "sound")


def test_verify_finds_a_damaged_file_and_a_run_brings_it_back(spec: Path, made: Path, run: Run) -> None:
    image = next((made / "images").rglob("*.png"))
    whole = image.read_bytes()
    image.write_bytes(whole[:-9])
    status, out, talk = call("verify", made)
    assert status == 1
    assert "1 damaged" in out
    assert image.name in talk
    assert json.loads(call("verify", made, "--json")[1])["damaged"] == 1
    status, out, _ = run(spec, "-o", made, "--json")
    assert (status, json.loads(out)["requests"]["submit"]) == (0, 0)
    assert image.read_bytes() == whole


def test_prune_shows_then_removes(spec: Path, made: Path, run: Run) -> None:
    assert run(spec, "-o", made, "--set", "matrix.model=[z-image-turbo]")[0] == 0
    before = len(list((made / "images").rglob("*.*")))
    status, _, talk = call("prune", made)
    assert status == 2
    assert "--yes" in talk
    assert len(list((made / "images").rglob("*.*"))) == before
    status, out, talk = call("prune", made, "--yes", "--json")
    assert (status, json.loads(out)["jobs"]) == (0, 2)
    assert "removed 2 files" in talk
    assert call("verify", made)[0] == 0
    assert "nothing to remove" in call("prune", made, "--yes")[2]


@pytest.mark.parametrize("command", ["status", "verify", "prune"])
def test_a_folder_that_is_none_gets_the_nearest(command: str, made: Path) -> None:
    status, _, talk = call(command, made.with_name("mad"))
    assert status == 2
    assert "made" in talk


def test_a_folder_of_another_spec_is_refused(spec: Path, made: Path, run: Run) -> None:
    status, _, talk = run(spec, "-o", made, "--set", "name=other")
    assert status == 2
    assert "small" in talk


def test_no_key_and_nothing_is_sent(spec: Path, tmp_path: Path) -> None:
    status, _, talk = call("run", spec, "-o", tmp_path / "made")
    assert status == 2
    assert "QWAVE_API_KEY" in talk
    assert not (tmp_path / "made").exists()


def test_simulate_and_a_base_url_do_not_go_together(spec: Path) -> None:
    assert call("run", spec, "--simulate", "--base-url", "http://127.0.0.1:1/v1")[0] == 2


def test_a_bad_key_stops_the_run_before_anything_else(checkout: Path, spec: Path, tmp_path: Path) -> None:
    with simulator(checkout, tmp_path, "--faults", "info.bad_key") as base_url:
        environ: Mapping[str, str] = {"QWAVE_API_KEY": "sk-very-secret"}
        status, out, talk = call("run", spec, "-o", tmp_path / "made", "--base-url", base_url, "--json", **environ)
    assert status == 3, talk
    assert json.loads(out)["requests"]["submit"] == 0
    everything = (
        out
        + talk
        + "".join(file.read_bytes().decode("latin-1") for file in (tmp_path / "made").rglob("*") if file.is_file())
    )
    assert "very-secret" not in everything


def test_failures_are_grouped_by_reason(checkout: Path, spec: Path, tmp_path: Path) -> None:
    with simulator(checkout, tmp_path, "--latency", "0.01", "--faults", "upstream_bad_request") as base_url:
        status, _, talk = call("run", spec, "-o", tmp_path / "made", "--base-url", base_url, QWAVE_API_KEY="k")
    assert status == 1
    assert re.search(r"4 failed: upstream_bad_request: .+ \(\w{16}, \w{16}, \w{16} and 1 more\)", talk)
    assert "--retry-failed" in talk


def test_a_balance_is_shown(checkout: Path, tmp_path: Path) -> None:
    with simulator(checkout, tmp_path) as base_url:
        status, out, _ = call("balance", "--base-url", base_url, QWAVE_API_KEY="k")
        as_json = json.loads(call("balance", "--base-url", base_url, "--json", QWAVE_API_KEY="k")[1])
    assert (status, out.splitlines()[0]) == (0, "1,000.00 USD available")
    assert as_json["available_usd"] == 1000


def test_an_api_that_is_not_there_is_told(tmp_path: Path) -> None:
    status, _, talk = call("balance", "--base-url", "http://127.0.0.1:9/v1", QWAVE_API_KEY="k")
    assert status == 3
    assert "does not answer" in talk


def test_the_budget_holds_before_anything_is_sent(spec: Path, tmp_path: Path, run: Run) -> None:
    status, _, talk = run(spec, "-o", tmp_path / "made", "--max-usd", "0.01")
    assert talk.splitlines()[1].startswith("error: ")  # no count of jobs: nothing has begun
    assert status == 3
    assert "budget" in talk
    assert run(spec, "-o", tmp_path / "made", "--max-usd", "0.02", "--until-budget")[0] == 3
    assert sum(line["status"] == "completed" for line in lines_of(tmp_path / "made")) in {1, 2}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_that_the_next_one_completes(
    checkout: Path, spec: Path, tmp_path: Path, number: signal.Signals
) -> None:
    with simulator(checkout, tmp_path, "--latency", "1..2") as base_url:
        argv = ("run", spec, "-o", "made", "--base-url", base_url, "--concurrency", 1, "--set", "repeat=3")
        run = process(checkout, *argv, cwd=tmp_path, QWAVE_API_KEY="k")
        # an image, and not a file with which the run finds out whether it can store any
        wait_for(lambda: [file for file in (tmp_path / "made").glob("images/**/*.*") if file.suffix in IMAGES])
        run.send_signal(number)
        _, talk = run.communicate(timeout=30)
        assert run.returncode == 130, talk
        assert "still to do" in talk
        assert call("verify", tmp_path / "made")[0] == 0
        first = sum(line["status"] == "completed" for line in lines_of(tmp_path / "made"))
        assert 0 < first < 12
        status, out, talk = call(*argv[:1], spec, "-o", tmp_path / "made", *argv[4:6], "--set", "repeat=3", "--json",
                                 QWAVE_API_KEY="k")  # fmt: skip
    assert status == 0, talk
    assert json.loads(out)["completed"] == 12
    assert json.loads(out)["requests"]["submit"] <= 12 - first


def test_a_second_process_says_who_is_at_work(checkout: Path, spec: Path, tmp_path: Path) -> None:
    with simulator(checkout, tmp_path, "--latency", "20") as base_url:
        argv = ("run", spec, "-o", tmp_path / "made", "--base-url", base_url)
        first = process(checkout, *argv, cwd=tmp_path, QWAVE_API_KEY="k")
        wait_for((tmp_path / "made" / ".qwave" / "lock").exists)
        wait_for(lambda: json.loads(call("status", tmp_path / "made", "--json")[1] or "{}").get("live"))
        status, _, talk = call(*argv, QWAVE_API_KEY="k")
        assert status == 4
        assert str(first.pid) in talk
        for _ in range(2):
            first.send_signal(signal.SIGINT)
            time.sleep(0.2)
        first.communicate(timeout=20)
    assert first.returncode in {130, -signal.SIGINT}  # a shell counts both as 130: it may be on its way out already


def test_a_reader_that_leaves_early_is_no_error(checkout: Path) -> None:
    command = f"{sys.executable} -m qwave_batch models | head -1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(
        ("bash", "-c", command), cwd=checkout, capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_an_ascii_stream_gets_valid_json(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "tee.yaml").write_text(SPEC.replace("A cat", "茶 A cat").replace("id: cat", "id: 茶"), encoding="utf-8")
    ended = subprocess.run(
        (
            sys.executable,
            "-m",
            "qwave_batch",
            "run",
            "tee.yaml",
            "--simulate",
            "--json",
            "--only",
            "prompt_id == 'dog'",
        ),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(checkout), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=50,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.decode("ascii"))["completed"] == 2


@pytest.mark.parametrize("loss", ["removed", "emptied", "all of .qwave"])
def test_a_folder_whose_ledger_is_gone_is_not_paid_for_again(spec: Path, tmp_path: Path, run: Run, loss: str) -> None:
    folder = tmp_path / "out"
    assert run(spec, "-o", folder)[0] == 0
    ledger = folder / ".qwave" / "ledger.sqlite"
    if loss == "emptied":
        ledger.write_bytes(b"")
    elif loss == "removed":
        ledger.unlink()
    else:
        shutil.rmtree(folder / ".qwave")
    manifest = (folder / "manifest.jsonl").read_bytes()
    for _ in range(2):
        status, _, stderr = run(spec, "-o", folder)
        assert status == 2
        assert "ledger.sqlite, which knows what is paid, is gone or empty" in stderr
    assert (folder / "manifest.jsonl").read_bytes() == manifest


def test_what_verify_finds_damaged_is_fetched_again_even_if_size_and_time_are_as_they_were(
    spec: Path, tmp_path: Path, run: Run
) -> None:
    folder = tmp_path / "out"
    assert run(spec, "-o", folder)[0] == 0
    victim = min(path for path in (folder / "images").rglob("*") if path.is_file())
    whole, times = victim.read_bytes(), victim.stat()
    victim.write_bytes(whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])
    os.utime(victim, ns=(times.st_atime_ns, times.st_mtime_ns))
    status, stdout, _ = call("verify", folder)
    assert status == 1
    assert "1 damaged: the next run fetches them again" in stdout
    assert run(spec, "-o", folder)[0] == 0
    assert victim.read_bytes() == whole
    assert call("verify", folder)[0] == 0


def test_a_saved_plan_is_no_spec_to_validate() -> None:
    status, _, stderr = call("validate", "tea.jsonl")
    assert status == 2
    assert "is a saved plan" in stderr


def test_a_simulator_that_takes_nothing_is_refused() -> None:
    assert call("simulator", "--rpm", "0")[0] == 2
