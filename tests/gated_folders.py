"""Run folders to compare and to hold to a gate: sixteen prompts, two models, scores that are known."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.scoring.score_lines import KeptLine, ScorerLine
from tests.scored_folders import a_score, a_scorer, scored_line, write_scores
from tests.voted_folders import write_folder

PROMPTS = 16
MODELS = ("m1", "m2")


def words_of(prompt: int) -> float:
    """Return the score of a prompt before anything is added: from 0.5 to 0.8."""
    return 0.5 + 0.02 * prompt


def gated_line(prompt: int, model: str, *, images: int = 2) -> ManifestLine:
    """Return a completed job; every second prompt has the tag ``text``."""
    line = scored_line(f"p{prompt:02}", model, images=images, tags=["text"] if prompt % 2 else ["people"])
    return replace(line, cost_usd=0.01, seconds=4.0 + prompt / 10, cost_from="api")


def gated_folder(
    folder: Path,
    *,
    better_by: float = 0.0,
    models: Sequence[str] = MODELS,
    prompts: int = PROMPTS,
    scorer: ScorerLine | None = None,
    unscored: int = 0,
) -> Path:
    """Write a folder whose scores ``ocr.words`` are better by an amount; ``ocr.cer`` is the rest to 1.

    Args:
        folder: The place.
        better_by: Added to all scores of words; on every second prompt a hundredth more is.
        models: The models.
        prompts: How many.
        scorer: The facts of the scorer, else version 1.
        unscored: How many of the first images have no score.
    """
    told = scorer or a_scorer()
    lines = [gated_line(prompt, model) for prompt in range(prompts) for model in models]
    scores: list[KeptLine] = []
    for line in lines:
        prompt = int(line.prompt_id[1:])
        words = words_of(prompt) + better_by + (0.01 if better_by and prompt % 2 else 0)
        scores += [
            a_score(told, line.job_id, {"words": words, "cer": 1 - words}, image=index)
            for index in range(len(line.images))
        ]
    write_folder(folder, lines)
    return write_scores(folder, [told, *scores[unscored:]])
