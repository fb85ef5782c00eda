"""The record's words on a picture: the images that it was made of, and what was done to each."""

import hashlib
import json
from collections.abc import Sequence

from qwave_batch.bench.layouts.picture_plan import PicturePlan
from qwave_batch.bench.layouts.plain_picture import PictureChange
from qwave_batch.bench.layouts.row_images import MissingImage, RowImage
from qwave_batch.model.jsontypes import Json


def told_of_part(
    runs: Sequence[str], number: int, image: RowImage, lost: MissingImage | None = None
) -> dict[str, Json]:
    """Return what the record says of a part, but for the changes; ``lost`` tells that its file can't be used."""
    if isinstance(image, MissingImage):
        return {"image": number, "job_id": image.job_id, "missing": image.kind.value, "reason": image.reason}
    line = image.job.line
    told: dict[str, Json] = {
        "image": number,
        "folder": runs[image.job.folder],
        "job_id": line.job_id,
        "index": image.index,
        "path": line.images[image.index].path,
        "sha256": line.images[image.index].sha256,
    }
    return told if lost is None else {**told, "missing": lost.kind.value, "reason": lost.reason}


def told_of_row(plan: PicturePlan, data: bytes) -> dict[str, Json]:
    """Return what the record says of a picture and its row, but for its parts."""
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "model": plan.model,
        "set": plan.row.part or None,
        "number": plan.row.number,
        "prompt_id": plan.row.prompt_id,
    }


def changes_in(told: str) -> tuple[PictureChange, ...]:
    """Return what was done to the images of a picture, by the record's words on it."""
    return tuple(PictureChange(change) for part in json.loads(told)["parts"] for change in part["changes"])


def as_text(value: Json) -> str:
    """Return the record's words as one line of ASCII."""
    return json.dumps(value)
