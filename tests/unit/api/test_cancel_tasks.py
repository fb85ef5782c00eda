"""The report of a cancel."""

from pathlib import Path

from qwave_batch.api.cancel_tasks import CancelReport
from qwave_batch.run.tasks.cancellation import NotSaid, Withdrawn

DONE = Withdrawn(job_id="a", task_id="task-a", cost_nusd=0, refunded_nusd=7)
LEFT = NotSaid(job_id="b", task_id="task-b", reason="the API refuses the account (HTTP 401)")


def test_a_refused_account_ends_with_its_status_and_what_was_withdrawn_is_told_all_the_same() -> None:
    report = CancelReport(folder=Path("run"), outcomes=(DONE, LEFT), maybe_submitted=0, refused=LEFT.reason)
    told = report.as_json()
    assert (report.exit_status, told["cancelled"], told["refunded_usd"]) == (3, 1, 7e-9)
    assert told["reason"] == LEFT.reason


def test_a_stop_comes_before_a_refusal() -> None:
    report = CancelReport(folder=Path("run"), outcomes=(LEFT,), maybe_submitted=0, refused=LEFT.reason, is_stopped=True)
    assert report.exit_status == 130
    assert CancelReport(folder=Path("run"), outcomes=(DONE,), maybe_submitted=0).as_json()["reason"] is None
