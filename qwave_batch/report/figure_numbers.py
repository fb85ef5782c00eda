"""The numbers of the report's figures, row by row, and their form for the page. Pure.

A row is about a model, a tag or an error, over all folders together and, where there are several, in each as well.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields

from qwave_batch.model.codec import EXACT
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.output.times import iso_from_unix
from qwave_batch.report.reported_scores import output_as_json
from qwave_batch.report.run_limits import RunLimits
from qwave_batch.report.run_sessions import WorkSession
from qwave_batch.scoring.scorer import Better, Output


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRow:
    """Seconds from submit to the end of the task, of completed jobs that were made here."""

    name: str
    """The model or the stage."""
    folder: int | None
    count: int
    least: float
    p05: float
    p25: float
    p50: float
    p75: float
    p95: float
    greatest: float
    histogram: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class Outcomes:
    """Jobs by status; a job whose content was refused counts as refused and not as failed."""

    jobs: int = 0
    completed: int = 0
    failed: int = 0
    refused: int = 0
    skipped: int = 0
    cancelled: int = 0
    unknown: int = 0
    pending: int = 0

    def add(self, status: str) -> None:
        """Count a job."""
        self.jobs += 1
        setattr(self, status, getattr(self, status) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """The outcomes of the jobs of a model, a tag or a stage."""

    name: str | None
    """The model, the tag or the stage; None for jobs without a tag."""
    folder: int | None
    outcomes: Outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """Jobs that an error kept from being completed."""

    code: str
    status: str
    model: str
    folder: int | None
    jobs: int
    message: str
    """Of the first of them, cut to a length that a page can show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """Cost of a model or a stage; images that were reused from other folders cost nothing here and do not count."""

    name: str
    folder: int | None
    nusd: int
    """Over all jobs and their attempts, with those that failed."""
    jobs: int
    completed: int
    images: int

    def as_json(self, named: str) -> dict[str, Json]:
        """Return the row with amounts in USD; null where there is nothing to share them among."""
        return {
            named: self.name,
            "folder": self.folder,
            "usd": usd_from_nusd(self.nusd),
            "jobs": self.jobs,
            "completed": self.completed,
            "images": self.images,
            "usd_per_image": self.usd_per(self.images),
            "usd_per_completed": self.usd_per(self.completed),
        }

    def usd_per(self, count: int) -> float | None:
        """Return the cost shared among so many; None for none."""
        return usd_from_nusd(round(self.nusd / count)) if count else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """The mean score of a model over its images."""

    score: str
    """Its full name."""
    model: str
    folder: int | None
    images: int
    prompts: int | None = None
    """None for a score of all images together, which no prompts were drawn for."""
    mean: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedScore(ScoreRow):
    """A mean score beside what an image of the model costs."""

    usd_per_image: float
    per_usd: float | None
    """The score that a dollar buys; None where more is not better, or where nothing is not 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOfFolder:
    """A session of work in a folder."""

    folder: int
    session: WorkSession


@dataclass(frozen=True, slots=True, kw_only=True)
class StageNumbers:
    """The numbers of the stages of all folders, each in the order of the plan; none where no spec has stages."""

    outcomes: tuple[OutcomeRow, ...] = ()
    latencies: tuple[LatencyRow, ...] = ()
    costs: tuple[CostRow, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """Return ``stages`` of ``data/figures.js``."""
        return {
            "latency": [_latency_as_json(row, "stage") for row in self.latencies],
            "outcomes": [_outcome_as_json(row, "stage") for row in self.outcomes],
            "costs": [row.as_json("stage") for row in self.costs],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureNumbers:
    """The numbers of all figures."""

    folders: tuple[str, ...]
    edges: tuple[float, ...]
    """Of the latencies' histograms, in seconds."""
    relative_error: float
    """Of the latencies' quantiles; 0 when they are exact."""
    latencies: tuple[LatencyRow, ...]
    by_model: tuple[OutcomeRow, ...]
    by_tag: tuple[OutcomeRow, ...]
    by_error: tuple[ErrorRow, ...]
    costs: tuple[CostRow, ...]
    sessions: tuple[SessionOfFolder, ...]
    limits: tuple[RunLimits, ...]
    """Of the newest run of each folder that tells of them."""
    outputs: Mapping[str, Output] = field(default_factory=dict)
    """Those that ``scores`` are about, by full name."""
    scores: tuple[ScoreRow, ...] = ()
    stages: StageNumbers = StageNumbers()

    def priced_scores(self) -> Iterator[PricedScore]:
        """Yield the scores that can be better or worse, beside what an image of the model costs, if that is known."""
        costs = {(row.name, row.folder): row.usd_per(row.images) for row in self.costs}
        for row in self.scores:
            usd, output = costs.get((row.model, row.folder)), self.outputs[row.score]
            if usd and output.better is not None:
                is_amount = output.better is Better.HIGHER and output.range[0] == 0 and math.isfinite(row.mean / usd)
                yield PricedScore(**asdict(row), usd_per_image=usd, per_usd=row.mean / usd if is_amount else None)

    def as_json(self) -> dict[str, Json]:
        """Return the object of ``data/figures.js``."""
        return {
            "format": 1,
            "folders": list(self.folders),
            "latency": {
                "edges": list(self.edges),
                "relative_error": self.relative_error,
                "rows": [_latency_as_json(row, "model") for row in self.latencies],
            },
            "outcomes": {
                "by_model": [_outcome_as_json(row, "model") for row in self.by_model],
                "by_tag": [_outcome_as_json(row, "tag") for row in self.by_tag],
                "by_error": [EXACT.encode(row) for row in self.by_error],
            },
            "costs": [row.as_json("model") for row in self.costs],
            "rate": {"sessions": [_session_as_json(found) for found in self.sessions]},
            "limits": [EXACT.encode(found) for found in self.limits],
            **({"scores": self._scores_as_json()} if self.scores else {}),
            **({"stages": self.stages.as_json()} if self.stages.outcomes else {}),
        }

    def _scores_as_json(self) -> dict[str, Json]:
        names = list(self.outputs)
        return {
            "outputs": [output_as_json(name, output) for name, output in self.outputs.items()],
            "rows": [{**EXACT.encode(row), "score": names.index(row.score)} for row in self.scores],
            "priced": [{**EXACT.encode(row), "score": names.index(row.score)} for row in self.priced_scores()],
        }


def _latency_as_json(row: LatencyRow, named: str) -> dict[str, Json]:
    told = EXACT.encode(row)
    return {named: told.pop("name"), **told}


def _outcome_as_json(row: OutcomeRow, named: str) -> dict[str, Json]:
    counts = {one.name: getattr(row.outcomes, one.name) for one in fields(row.outcomes)}
    return {named: row.name, "folder": row.folder, **counts}


def _session_as_json(found: SessionOfFolder) -> dict[str, Json]:
    session = found.session
    return {
        "folder": found.folder,
        "started_at": iso_from_unix(session.started_at),
        "ended_at": iso_from_unix(session.ended_at),
        "images": session.images,
        "images_per_minute": round(session.images_per_minute, 3),
        "bin_seconds": session.bin_seconds,
        "counts": list(session.counts),
    }
