"""The meaning of a failure for its job: whether this run retries it, and whether a plain next run does. Pure."""

from dataclasses import replace

from qwave_batch.client.answers import NoAnswer, TaskNotFound
from qwave_batch.client.http import words
from qwave_batch.model.job import JobError
from qwave_batch.model.stop_reason import TaskNotKnown
from qwave_batch.model.task import Task

ALWAYS_WORTH_A_TRY = frozenset({"upstream_unavailable", "upstream_rate_limited"})
NEVER_WORTH_A_TRY = frozenset({"upstream_bad_request"})
NO_IMAGE = "no_image"
UNREADABLE = "unreadable_result"
BEGINNING = 300
"""Maximum characters shown of an unreadable answer."""
OTHER_FORMAT = "other_format"
"""The code of a result kept in ``.qwave/evidence`` because its format is not supported."""
SECOND_CHANCES = 1
"""How often a failure without a stated cause is retried: one may be a coincidence, two are caused by the request."""


def error_of_task(task: Task, *, is_paid: bool, is_maybe_submitted: bool = False) -> JobError:
    """Return the error of a task that failed, or ended without an image; it is final if paid or in doubt."""
    if task.error is not None:
        code = task.error.code or "task_failed"
        return JobError(code=code, message=task.error.message, retryable=code in ALWAYS_WORTH_A_TRY and not is_paid)
    if is_maybe_submitted:
        return no_image_maybe_paid()
    message = (
        "the task was charged and lists no image for minutes"
        if is_paid
        else "the task ended without an image; it was not charged"
    )
    return JobError(code=NO_IMAGE, message=message, retryable=not is_paid)


def not_listed() -> JobError:
    """Return the remark about an ended task that lists no image yet."""
    return JobError(
        code=NO_IMAGE,
        message="the task is done and lists no image yet; it may be paid, and the next run asks for them first",
        retryable=True,
    )


def no_image_maybe_paid() -> JobError:
    """Return the error of a task that was polled for minutes and has neither an image nor a stated cost."""
    return JobError(
        code=NO_IMAGE,
        message="the task is done, lists no image for minutes, and does not say whether it was charged",
    )


def unreadable_result(reason: str, answer: bytes) -> JobError:
    """Return the remark about a result with unreadable images, with the beginning of the answer."""
    beginning = words(answer.decode("utf-8", "replace"), limit=BEGINNING)
    return JobError(
        code=UNREADABLE,
        message=f"{reason}; it is paid and kept, the next run asks for it first, and the whole answer is in "
        f".qwave/evidence: {beginning}",
        retryable=True,
    )


def is_worth_another_try(error: JobError, *, failed_before: int, is_paid: bool) -> bool:
    """Return whether this run makes a new attempt after a task's unpaid end, judged by its cause.

    Args:
        error: From ``error_of_task``.
        failed_before: Tasks of this job that failed in this run before this one.
        is_paid: Whether the task was charged anyway.
    """
    if is_paid or error.code in NEVER_WORTH_A_TRY:
        return False
    return error.code in ALWAYS_WORTH_A_TRY or failed_before < SECOND_CHANCES


def error_of_silence(answer: NoAnswer) -> JobError:
    """Return the error of a submit that never got a definite answer; the next run resubmits it."""
    code = "no_answer" if answer.status is None else "server_error"
    return JobError(code=code, message=answer.reason, http_status=answer.status, retryable=True)


def perhaps_paid(error: JobError) -> JobError:
    """Return the error of a job that becomes unknown."""
    message = f"{error.message}; it may have been paid, so it is not sent again by itself"
    return replace(error, message=message, retryable=False)


def error_of_lost_task(answer: TaskNotFound) -> JobError:
    """Return the error of a task that the API does not know; without its id, so that equal errors are grouped."""
    return JobError(
        code=answer.code or "task_not_found",
        message=str(TaskNotKnown()),
        http_status=answer.status,
    )


def key_too_old() -> JobError:
    """Return the error of a submit whose key the API may have forgotten."""
    return perhaps_paid(JobError(code="no_answer", message="an earlier submit got no definite answer"))


def timed_out(timeout_s: float, last: str = "") -> JobError:
    """Return the remark about a task whose timeout has passed, with the problem of the last answer."""
    why = f" (the last answer: {last})" if last else ""
    return JobError(
        code="timeout",
        message=f"not done after {timeout_s:g} s{why}; the task is kept, and the next run asks it first",
        retryable=True,
    )


def bad_image(reason: str, kept: str) -> JobError:
    """Return the error of a job whose image was broken twice; ``kept`` is the path of the last bytes."""
    return JobError(code="bad_image", message=f"{reason}, twice; what came is kept in {kept}")


def other_format(reason: str, kept: str) -> JobError:
    """Return the error of a job whose result was received in an unsupported format."""
    return JobError(code=OTHER_FORMAT, message=f"{reason}; it is paid, and kept as {kept}")


def result_gone(detail: str) -> JobError:
    """Return the error of a paid job whose image the API no longer has."""
    return JobError(
        code="result_gone",
        message=detail,
    )


def account_unverified() -> JobError:
    """Return the remark about an image whose task the API does not know, while it may belong to another account."""
    return JobError(
        code="task_not_found",
        message=str(TaskNotKnown()),
        retryable=True,
    )


def not_fetched(reason: str) -> JobError:
    """Return the remark about an image that could not be fetched in this run."""
    return JobError(
        code="download_failed", message=f"{reason}; it is paid, and the next run tries to fetch it", retryable=True
    )
