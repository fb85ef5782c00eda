"""Makes a run folder of many cells, each with an image of its own, without a run and without a ledger.

Prompts by models by aspect ratios by seeds, of which a few failed. The images are soft gradients with shapes on them,
256 pixels wide or high, so that their thumbnails weigh what those of photographs do. report_page.py measures it.

    python -m benchmarks.many_cells 10000 /tmp/cells
"""

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from io import BytesIO
from itertools import chain
from pathlib import Path

from PIL import Image, ImageDraw

from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.output.manifest_line import ManifestLine, encode_line
from qwave_batch.scoring.scorer import Output
from tests.manifest_lines import PLAIN_LINE
from tests.scored_folders import a_score, a_scorer, write_scores

MODELS = ("alder", "birch-2.0", "cedar-image", "damson-pro", "elder-flash")
RATIOS = {"1:1": (256, 256), "16:9": (256, 144), "9:16": (144, 256), "4:3": (256, 192)}
SEEDS = (1, 2, 3, 4, 5)
TAGS = ("street", "night", "people", "signs")
PLACES = ("by a canal", "in the rain", "on a dark stair", "above the roofs", "under a bridge", "in deep snow")
THINGS = ("a teahouse", "one paper lantern", "an old alley", "a copper kettle", "two umbrellas", "a ferry", "a cat")
STARTED_AT = 1_795_334_400.0
EVERY_FAILED = 97
SCORES = 5


def make_cells(folder: Path, count: int) -> Path:
    """Make a run folder of so many jobs, with images drawn on all cores."""
    (folder / "images").mkdir(parents=True)
    with ProcessPoolExecutor() as pool:
        lines = list(pool.map(partial(make_cell, folder), range(count), chunksize=100))
    (folder / "manifest.jsonl").write_bytes(b"".join(map(encode_line, lines)))
    return folder


def make_scores(folder: Path) -> Path:
    """Give each image of such a folder five scores."""
    scorer = a_scorer("many", {f"score_{number}": Output((0, 1)) for number in range(SCORES)})
    lines = map(json.loads, (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines())
    scores = (
        replace(a_score(scorer, line["job_id"], drawn_scores(line["index"])), sha256=image["sha256"])
        for line in lines
        for image in line["images"]
    )
    return write_scores(folder, chain([scorer], scores))


def drawn_scores(number: int) -> dict[str, float]:
    """Return the scores of an image."""
    rng = random.Random(number)
    return {f"score_{at}": rng.random() for at in range(SCORES)}


def make_cell(folder: Path, number: int) -> ManifestLine:
    """Make the image of one job, if it has one, and return its line."""
    line, rng = line_of(number), random.Random(number)
    if number % EVERY_FAILED == EVERY_FAILED - 1:
        error = JobError(code="upstream_bad_request", message="The model made nothing of it")
        return replace(line, status=JobStatus.FAILED, error=error)
    size = RATIOS[str(line.axes["aspect_ratio"])]
    image = drawn(rng, size)
    file = ImageFile(
        path=f"images/{number:06}.jpg",
        sha256=hashlib.sha256(image).hexdigest(),
        size_bytes=len(image),
        width=size[0],
        height=size[1],
        format="jpeg",
        source_url="",
    )
    (folder / file.path).write_bytes(image)
    seconds = round(rng.lognormvariate(1 + MODELS.index(line.model) / 4, 0.4), 2)
    cost_usd = 0.01 * (1 + MODELS.index(line.model))
    return replace(
        line, status=JobStatus.COMPLETED, seconds=seconds, cost_usd=cost_usd, cost_from="api", images=(file,)
    )


def line_of(number: int) -> ManifestLine:
    """Return the line of a job of which nothing came yet."""
    rest, seed = divmod(number, len(SEEDS))
    rest, ratio = divmod(rest, len(RATIOS))
    prompt, at = divmod(rest, len(MODELS))
    model, text = MODELS[at], text_of(prompt)
    axes: JsonObject = {"model": model, "aspect_ratio": list(RATIOS)[ratio], "seed": SEEDS[seed]}
    return replace(
        PLAIN_LINE,
        job_id=f"{number:016x}",
        index=number,
        prompt_id=f"prompt-{prompt:04}",
        prompt=text,
        model=model,
        request={**axes, "prompt": text},
        axes=axes,
        tags=TAGS[: prompt % (len(TAGS) + 1)],
        path=f"{number:06}",
        task_id=f"task-{number}",
        attempts=1,
        submitted_at=STARTED_AT + number / 4,
        completed_at=STARTED_AT + number / 4 + 6,
    )


def text_of(prompt: int) -> str:
    """Return the text of a prompt: some are short, some long."""
    rng = random.Random(prompt)
    scenes = (f"{rng.choice(THINGS)} {rng.choice(PLACES)}" for _ in range(rng.choice((1, 2, 4, 12))))
    return f"{', '.join(scenes)}, number {prompt}"


def drawn(rng: random.Random, size: tuple[int, int]) -> bytes:
    """Return a JPEG of soft colours with shapes on them."""
    image = Image.frombytes("RGB", (4, 4), rng.randbytes(48)).resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, reach = rng.randrange(size[0]), rng.randrange(size[1]), rng.randrange(8, 60)
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), outline=tuple(rng.randbytes(3)), width=3)
    out = BytesIO()
    image.save(out, "jpeg", quality=80)
    return out.getvalue()


def main(argv: Sequence[str]) -> int:
    """Make a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args(argv)
    print(make_cells(args.folder, args.count))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
