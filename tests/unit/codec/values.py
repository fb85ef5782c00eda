"""Values of every kind that is kept or printed as JSON: each field set once, each left out once, and odd letters."""

from qwave_batch.ledger.cost_report import CostReport
from qwave_batch.ledger.plan_counts import LineCounts
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.progress import Progress, Throttle, ThrottleScope, ThrottleState, Waiting, WaitKind
from qwave_batch.model.record import ImageFile, JobStatus, ReusedFrom
from qwave_batch.model.run_ends import EndKind
from qwave_batch.model.run_events import (
    Event,
    ImagesStored,
    JobSetBack,
    RunEnded,
    RunEstimated,
    RunStarted,
    RunWaiting,
    SubmitBegun,
    TaskAccepted,
    TaskEnded,
)
from qwave_batch.model.terms import Completion, Limits, ModelLimits, Terms
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.run.state.run_end import RequestCounts
from tests.manifest_lines import PLAIN_LINE

LETTERS = 'Ein Teehaus, "日本", \\ \x7f \x85 \u2028 \u2029 \U0001f375'
LONE = "half a letter \ud83d"

ERROR = JobError(code="moderated", message=LETTERS, http_status=451, retryable=True, field="prompt")
PLAIN_ERROR = JobError(code="lost", message="gone")
REUSED_FROM = ReusedFrom(folder="../earlier", folder_id="f00d", cost_usd=2.5e-07)
IMAGES = (
    ImageFile(
        path="images/p/x_1.png",
        sha256="ab" * 32,
        size_bytes=123_456,
        width=1024,
        height=768,
        format="png",
        source_url="https://files.example/x?sig=1",
    ),
    ImageFile(
        path="images/p/x_2.webp", sha256="cd" * 32, size_bytes=0, width=1, height=1, format="webp", source_url=""
    ),
)
JOBS = (
    Job(job_id="0" * 16, index=0, prompt_id="p", prompt="A teahouse", model="m", action="generate", request={}),
    Job(
        job_id="0123456789abcdef",
        index=7,
        prompt_id="tea",
        prompt=LETTERS,
        model="gpt-image-2",
        action="edit",
        request={"model": "gpt-image-2", "prompt": LETTERS, "n": 2, "x": [1, 1.0, 1e16, 2.5e-7, None, True, {"a": []}]},
        callback={"callback_url": "https://example.org/x"},
        dropped=("seed", "quality"),
        axes={"model": "gpt-image-2", "size": 1.5, "look": {"light": "soft"}, "none": None},
        tags=("a", LETTERS),
        meta={"source": LONE, "rank": -3, "of": [0.1, 1e22]},
        repeat=2,
        path="tea/0123456789abcdef",
        max_images=2,
        random=False,
        estimated_nusd=63_000_001,
    ),
    Job(
        job_id="f" * 16,
        index=8,
        prompt_id="p",
        prompt="",
        model="m",
        action="generate",
        request={"model": "m"},
        skip=ERROR,
    ),
)
DUPLICATES = (
    Duplicate(job_id="0" * 16, index=1, prompt_id="p"),
    Duplicate(
        job_id="0" * 16, index=9, prompt_id="tea", axes={"seed": 1, "l": LETTERS}, tags=("a", "b"), meta={"x": LONE}
    ),
)
ALSO = tuple(Duplicate(job_id=JOBS[1].job_id, index=each.index, prompt_id="tea", axes=each.axes) for each in DUPLICATES)
LINES = (
    PLAIN_LINE,
    ManifestLine(
        job_id=JOBS[1].job_id,
        index=7,
        status=JobStatus.COMPLETED,
        prompt_id="tea",
        prompt=LETTERS,
        model="gpt-image-2",
        action="edit",
        request=JOBS[1].request,
        dropped=("seed", "quality"),
        axes=JOBS[1].axes,
        tags=("a", LETTERS),
        meta=JOBS[1].meta,
        repeat=2,
        also=ALSO,
        path="tea/0123456789abcdef",
        task_id="task_1",
        attempts=3,
        submitted_at=1_790_000_000.0,
        completed_at=1_790_000_012.345,
        seconds=12.345,
        cost_usd=1e-06,
        cost_from="api",
        images=IMAGES,
        error=ERROR,
        reused_from=REUSED_FROM,
    ),
)
THROTTLE = Throttle(scope=ThrottleScope.MODEL, name="flux", until=1_795_300_000.25, refusals=2)
EVENTS: tuple[Event, ...] = (
    RunStarted(time=1_790_000_000.0004, name="tea", folder="runs/tea"),
    RunEstimated(time=1_790_000_000.5, reused=1, to_submit=2, estimated_usd=1e-05),
    SubmitBegun(time=0.0, job_id="0123456789abcdef", attempt=2),
    TaskAccepted(time=1.0, job_id="0123456789abcdef", attempt=2, task_id="t"),
    TaskEnded(
        time=2.0,
        job_id="0123456789abcdef",
        attempt=2,
        task_id=None,
        status="failed",
        cost_usd=0.0,
        seconds=None,
        error=ERROR,
    ),
    TaskEnded(
        time=2.0,
        job_id="0123456789abcdef",
        attempt=2,
        task_id="t",
        status="completed",
        cost_usd=0.01,
        seconds=1.25,
        error=None,
    ),
    ImagesStored(time=3.0, job_id="0123456789abcdef", attempt=2, images=IMAGES, reused_from=None),
    ImagesStored(time=3.0, job_id="0123456789abcdef", attempt=2, images=(), reused_from=REUSED_FROM),
    JobSetBack(time=4.0, job_id="0123456789abcdef", attempt=2, status=JobStatus.UNKNOWN, error=PLAIN_ERROR),
    JobSetBack(time=4.0, job_id="0123456789abcdef", attempt=2, status=JobStatus.PENDING, error=None),
    RunWaiting(time=5.0, note="a limit", kind=WaitKind.QUOTA, model="m", until=1_790_000_000.0, throttles=(THROTTLE,)),
    RunWaiting(time=5.0, note=LETTERS, kind=WaitKind.RETRY, model=None, until=None),
    RunEnded(time=6.0, kind=EndKind.BUDGET, exit_status=3, reason="the budget", completed=1, cost_usd=0.1),
    RunEnded(time=6.0, kind=EndKind.COMPLETE, exit_status=0, reason="", completed=2, cost_usd=0.0),
)
COST_REPORT = CostReport(
    tasks=9,
    paid_nusd=63_000_001,
    catalog_nusd=63_000_000,
    hold_nusd=70_000_000,
    holds_told=8,
    refunds=1,
    refunded_nusd=7_000_000,
    surcharges=2,
    surcharged_nusd=1,
    open_nusd=5,
)
COUNTS = LineCounts(
    jobs=7,
    completed=1,
    failed=2,
    skipped=3,
    cancelled=4,
    unknown=5,
    pending=6,
    short=8,
    reused=9,
    images=10,
    cost_nusd=63_000_001,
    in_flight=11,
    image_bytes=12,
)
REQUESTS = RequestCounts(submit=1, poll=2, download=3, retried=4)
PROGRESS = Progress(
    jobs=9,
    done=1,
    failed=2,
    unknown=3,
    in_flight=4,
    images=5,
    spent_nusd=63_000_001,
    elapsed_s=12.3456,
    images_per_minute=24.68,
    remaining_s=60.04,
    allowed=16,
    waiting=Waiting(kind=WaitKind.QUOTA, model=LETTERS, until=7.5, seen_at=6.5, window=LETTERS, said=LETTERS),
    cancelled=6,
    throttle=ThrottleState(
        throttles=(THROTTLE,),
        quota_window="day",
        said='"slow down"',
    ),
)
EARLY_PROGRESS = Progress(
    jobs=1,
    done=0,
    failed=0,
    unknown=0,
    in_flight=0,
    images=0,
    spent_nusd=0,
    elapsed_s=0.0,
    images_per_minute=0.0,
    remaining_s=None,
)
TERMS = Terms(
    limits=Limits(
        concurrency=4,
        requests_per_minute=None,
        count_polls=True,
        models={"m": ModelLimits(concurrency=1), "n": ModelLimits(requests_per_minute=9)},
    ),
    retry_attempts=0,
    timeout_s=12.5,
    completion=Completion.WAIT,
    max_usd=0.1,
)
