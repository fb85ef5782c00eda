from dataclasses import replace
from pathlib import Path

import pytest

from qwave_batch import JobStatus, ManifestLine, RunSummary
from qwave_batch.cli.drawing.summary_view import draw_summary
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cells
from qwave_batch.model.next_step import Advice, NextStep, RunWarning
from qwave_batch.model.progress import WaitKind
from qwave_batch.model.run_ends import EndKind
from qwave_batch.model.stop_reason import (
    AccountRefused,
    Interrupted,
    Refusal,
    TaskNotKnown,
    Unreachable,
    WaitTooLong,
    WorkersLost,
)
from qwave_batch.plans import JobError
from qwave_batch.runs import JobCounts
from tests.manifest_lines import PLAIN_LINE

DONE = RunSummary(
    folder=Path("runs/茶"),
    kind=EndKind.COMPLETE,
    counts=JobCounts(jobs=10, completed=8, skipped=2, images=8),
    cost_nusd=500_000_000,
    folder_cost_nusd=500_000_000,
    seconds=80,
    warnings=(),
    summary={},
)
TERMINAL = Terminal(width=80)
NO_BALANCE = AccountRefused(refusal=Refusal.BALANCE, http_status=402, said="")


def failed(number: int, message: str, status: JobStatus = JobStatus.FAILED) -> ManifestLine:
    return replace(
        PLAIN_LINE,
        job_id=f"{number:016x}",
        index=number,
        status=status,
        prompt="p",
        path="p",
        attempts=1,
        error=JobError(code="task_failed", message=message),
    )


def test_a_whole_run_is_told_in_three_lines() -> None:
    assert draw_summary(DONE, [], TERMINAL) == [
        "8 of 8 jobs done: 8 images in runs/茶, 0.50 USD in 1 min 20 s",
        "2 left out, not supported",
        "check it: qwave-batch verify runs/茶",
    ]


def test_jobs_whose_parents_brought_too_few_images_are_told_from_others_that_are_left_out() -> None:
    skipped = failed(1, "", JobStatus.SKIPPED)
    short = replace(skipped, error=JobError(code="parent_short", message="it needs image 3 of job a"))
    ended = replace(
        DONE,
        counts=JobCounts(jobs=4, completed=2, short=1, skipped=2, images=2),
        summary={"stages": {"a": {}, "b": {}}},
    )
    assert draw_summary(ended, [short, skipped], TERMINAL)[1:3] == [
        "1 with fewer images than asked for, 2 left out",
        "  1 skipped: parent_short: what they are made from brought fewer images than",
    ]


def test_jobs_that_wait_for_a_choice_are_told_the_command_that_brings_it_and_no_other_step() -> None:
    waits = RunWarning(
        '2 jobs of stage "b" wait for ocr.cer of stage "a"', (Advice(NextStep.SCORE, "runs/a b", "ocr"),)
    )
    ended = replace(
        DONE,
        kind=EndKind.INCOMPLETE,
        counts=JobCounts(jobs=10, completed=6, pending=2, skipped=2, images=6),
        warnings=(waits,),
        summary={"stages": {"a": {}, "b": {}}},
    )
    assert draw_summary(ended, [], TERMINAL)[1:] == [
        "2 still to do, 2 left out",
        'note: 2 jobs of stage "b" wait for ocr.cer of stage "a"; have it scored, then',
        "      run it again: qwave-batch score 'runs/a b' --with ocr, or with the YAML",
        "      file of a command",
    ]
    blocked = replace(ended, kind=EndKind.ACCOUNT, stop=NO_BALANCE)
    assert "ended early: the balance is used up (HTTP 402)" in draw_summary(blocked, [], TERMINAL)


def test_failures_stand_by_reason_the_commonest_first_with_a_few_jobs_each() -> None:
    lines = [failed(1, "rare"), *(failed(number, "often\x1b[2J") for number in range(2, 8))]
    ended = replace(DONE, kind=EndKind.INCOMPLETE, counts=JobCounts(jobs=7, failed=7))
    told = draw_summary(ended, lines, TERMINAL)
    reasons = [line for line in told if "task_failed" in line]
    assert reasons[0].startswith("  6 failed: task_failed: often\\x1b[2J (0000000000000002,")
    assert reasons[1] == "  1 failed: task_failed: rare (0000000000000001)"
    assert "and 3 more)" in " ".join(told)
    assert told[-1] == "next: run it again with --retry-failed, once the reason is gone"


def test_an_early_end_is_told_with_its_reason() -> None:
    ended = replace(DONE, kind=EndKind.ACCOUNT, stop=NO_BALANCE, counts=JobCounts(jobs=10, pending=10))
    assert "ended early: the balance is used up (HTTP 402)" in draw_summary(ended, [], TERMINAL)


def test_unknown_jobs_are_named_with_what_can_be_done() -> None:
    ended = replace(DONE, kind=EndKind.INCOMPLETE, counts=JobCounts(jobs=1, unknown=1))
    told = draw_summary(ended, [failed(1, "no answer", JobStatus.UNKNOWN)], TERMINAL)
    assert any("--resubmit-unknown" in line for line in told)


def test_what_the_folder_cost_before_is_told_too() -> None:
    again = replace(DONE, cost_nusd=0)
    assert "0.00 USD in 1 min 20 s (0.50 USD over all runs)" in draw_summary(again, [], Terminal(width=120))[0]


def test_every_line_fits() -> None:
    ended = replace(
        DONE,
        kind=EndKind.OFFLINE,
        stop=Unreachable(why="r " * 60, tried_s=None),
        counts=JobCounts(jobs=3, failed=2, pending=1),
        warnings=(RunWarning("w " * 60),),
    )
    lines = [failed(number, "茶 " * 60) for number in range(2)]
    for width in (40, 80, 160):
        assert max(map(cells, draw_summary(ended, lines, Terminal(width=width)))) <= width


def test_what_keeps_jobs_pending_stands_by_reason() -> None:
    ended = replace(DONE, kind=EndKind.INCOMPLETE, counts=JobCounts(jobs=2, pending=2))
    told = draw_summary(
        ended, [failed(number, "no answer", JobStatus.PENDING) for number in (1, 2)], Terminal(width=200)
    )
    assert "  2 pending: task_failed: no answer (0000000000000001, 0000000000000002)" in told


def test_a_run_that_its_account_ended_is_not_simply_run_again() -> None:
    ended = replace(DONE, kind=EndKind.ACCOUNT, stop=NO_BALANCE, counts=JobCounts(jobs=2, pending=2))
    assert draw_summary(ended, [], Terminal(width=200))[-1].startswith("next: once that is mended, run it again")


def test_what_only_needs_time_is_not_to_be_mended() -> None:
    stop = WaitTooLong(limit=WaitKind.QUOTA, window="day", until=7_200.0, wait_s=7_200.0, longest_s=900.0)
    ended = replace(DONE, kind=stop.kind, stop=stop, counts=JobCounts(jobs=2, pending=2))
    told = draw_summary(ended, [], Terminal(width=200))[-1]
    assert told.startswith("next: after that time, or with a longer --max-wait, run it again: it goes on")


def test_a_run_that_lost_its_workers_can_go_on_without_them() -> None:
    ended = replace(
        DONE, kind=EndKind.WORKERS, stop=WorkersLost("Ray has gone away"), counts=JobCounts(jobs=2, pending=2)
    )
    told = draw_summary(ended, [], Terminal(width=200))
    assert told[-3] == "ended early: Ray has gone away"
    assert told[-2].startswith("next: run it again: it goes on")
    assert told[-1] == "next: if that does not help, leave out --executor to do the work here"


def test_what_is_pending_needs_a_plain_run_first_whatever_has_failed() -> None:
    counts = JobCounts(jobs=184, pending=183, failed=1)
    ended = replace(DONE, kind=EndKind.INTERRUPTED, stop=Interrupted(), counts=counts)
    told = draw_summary(ended, [failed(1, "no")], Terminal(width=200))
    assert told[-2].startswith("next: run it again: it goes on where it stopped")
    assert told[-1] == "next: to do failed jobs again, too, add --retry-failed, once the reason is gone"


def test_what_may_pass_needs_a_plain_run_only() -> None:
    ended = replace(DONE, kind=EndKind.INCOMPLETE, counts=JobCounts(jobs=1, failed=1))
    error = JobError(code="upstream_unavailable", message="down", retryable=True)
    told = draw_summary(ended, [replace(failed(1, ""), error=error)], Terminal(width=200))
    assert told[-1].startswith("next: run it again: it goes on")


@pytest.mark.parametrize("code", ["bad_image", "result_gone", "no_image"])
def test_paid_images_that_can_not_be_had_are_asked_for_again_before_they_are_paid_again(code: str) -> None:
    ended = replace(DONE, kind=EndKind.INCOMPLETE, counts=JobCounts(jobs=1, failed=1))
    broken = replace(failed(1, ""), error=JobError(code=code, message="not an image, twice"))
    told = draw_summary(ended, [broken], Terminal(width=200))
    assert [line for line in told if line.startswith("next: ")] == told[-1:]
    assert told[-1] == (
        "next: qwave-batch refetch runs/茶, to ask for images that are paid and did not come whole, for nothing: "
        "--retry-failed pays for them a second time"
    )


def test_results_that_are_had_in_another_format_are_not_offered_for_another_payment() -> None:
    ended = replace(DONE, kind=EndKind.INCOMPLETE, counts=JobCounts(jobs=2, failed=2))
    had = replace(failed(1, ""), error=JobError(code="other_format", message="SVG; kept as .qwave/evidence/x.svg"))
    told = draw_summary(ended, [had], Terminal(width=200))
    offers = [line for line in told if "--retry-failed" in line]
    assert offers[0] == (
        "next: use the results that are kept in .qwave/evidence: they are paid, and --retry-failed pays for them again"
    )
    told = draw_summary(replace(ended, counts=JobCounts(jobs=1, failed=1)), [had], Terminal(width=200))
    assert [line for line in told if "--retry-failed" in line] == offers[:1]


def test_lost_tasks_want_their_account_and_not_to_be_paid_again() -> None:
    ended = replace(DONE, kind=EndKind.ACCOUNT, stop=TaskNotKnown(), counts=JobCounts(jobs=1, unknown=1))
    lost = replace(failed(1, "lost", JobStatus.UNKNOWN), error=JobError(code="task_not_found", message="lost"))
    told = " ".join(draw_summary(ended, [lost], Terminal(width=200)))
    assert "the key and the host" in told
    assert "--r" not in told
