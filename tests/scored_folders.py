"""Run folders without a ledger that have scores, made line by line; beside ``tests.voted_folders``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.scoring.score_lines import (
    KeptLine,
    OtherScored,
    ScoredSet,
    ScoreLine,
    ScorerLine,
    encode_kept_line,
    params_hash,
    set_sha256,
)
from qwave_batch.scoring.scorer import Better, Level, Output, ScoreError
from tests.voted_folders import voted_line, write_folder

AT = 1_795_000_000.0
NO_PROMPT = sha256(b"{}").hexdigest()
OUTPUTS = {"cer": Output((0, None), Better.LOWER), "words": Output((0, 1), Better.HIGHER)}


def image_sha256(job_id: str, image: int = 0) -> str:
    """Return the invented hash of an image of ``scored_line``."""
    return sha256(f"{job_id}/{image}".encode()).hexdigest()


def scored_line(prompt: str, model: str, *, images: int = 1, tags: Sequence[str] = ()) -> ManifestLine:
    """Return the completed job of a cell, whose images have hashes of their own."""
    line = voted_line(prompt, model, images=images)
    told = [replace(image, sha256=image_sha256(line.job_id, index)) for index, image in enumerate(line.images)]
    return replace(line, images=tuple(told), tags=tuple(tags))


def a_scorer(
    name: str = "ocr",
    outputs: Mapping[str, Output] = OUTPUTS,
    *,
    version: str = "1",
    level: Level = Level.IMAGE,
    params: JsonObject | None = None,
) -> ScorerLine:
    """Return the line that states a scorer."""
    return ScorerLine(scorer=name, version=version, level=level, params=params or {}, outputs=outputs)


def a_score(
    scorer: ScorerLine, job_id: str, scores: Mapping[str, float], *, image: int = 0, error: ScoreError | None = None
) -> ScoreLine:
    """Return the outcome for an image of ``scored_line``; ``dataclasses.replace`` changes the rest."""
    return ScoreLine(
        job_id=job_id,
        image=image,
        sha256=image_sha256(job_id, image),
        prompt_sha256=NO_PROMPT,
        scorer=scorer.scorer,
        version=scorer.version,
        params=params_hash(scorer.params),
        scores=scores,
        details=None,
        error=error,
        cost_nusd=0,
        at=AT,
    )


def a_pair_score(scorer: ScorerLine, first: str, second: str, scores: Mapping[str, float]) -> ScoreLine:
    """Return the outcome for the first images of two jobs."""
    return replace(
        a_score(scorer, first, scores), other=OtherScored(job_id=second, image=0, sha256=image_sha256(second))
    )


def a_set_score(scorer: ScorerLine, model: str, job_ids: Sequence[str], scores: Mapping[str, float]) -> ScoreLine:
    """Return the outcome for the first images of all jobs of a model."""
    return replace(
        a_score(scorer, "", scores),
        job_id=None,
        image=None,
        sha256=set_sha256(image_sha256(job_id) for job_id in job_ids),
        set=ScoredSet(model=model),
        count=len(job_ids),
    )


def write_scores(folder: Path, lines: Iterable[KeptLine]) -> Path:
    """Add lines to the scores.jsonl of a folder."""
    with (folder / "scores.jsonl").open("ab") as file:
        file.writelines(map(encode_kept_line, lines))
    return folder


def scored_folder(
    folder: Path, numbers: Mapping[tuple[str, str], Mapping[str, float]], *, scorer: ScorerLine | None = None
) -> Path:
    """Write a folder with a job for each (prompt, model), scored with these numbers."""
    told = a_scorer() if scorer is None else scorer
    lines = {cell: scored_line(*cell) for cell in numbers}
    write_folder(folder, lines.values())
    return write_scores(folder, [told, *(a_score(told, lines[cell].job_id, found) for cell, found in numbers.items())])
