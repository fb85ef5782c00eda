"""The meaning of each column of an export, in a sentence, for the pages that travel with it."""

from collections.abc import Mapping

from qwave_batch.export.columns import AXIS, SCORE, axis_of_column

_MEANINGS: Mapping[str, str] = {
    "file_name": "the image, relative to the folder of this table; loaders show it as image",
    "input_file_names": "the images that this one was made from, likewise; loaders show them as input",
    "mask_file_name": "the mask of the edit, likewise; loaders show it as mask",
    "image": "the image itself",
    "prompt": "the text that the model was given",
    "prompt_id": "the name of the prompt in its spec",
    "job_id": "the job: a hash of all that was asked for",
    "image_index": "which image of the job it is, from 0",
    "model": "the model that made it",
    "action": "what was done: generate, edit, ...",
    "stage": "the stage of the spec that the job belongs to",
    "parents": "the jobs of earlier stages that it was made from, as JSON; images are numbered from 1",
    "seed": "the seed that was asked for",
    "repeat": "which repetition of the same request it is, from 0",
    "tags": "the tags of the prompt",
    "meta": "what the spec says beside the prompt, as JSON",
    "request": "the request that was sent, as JSON; images in it stand by their hash, addresses without signatures",
    "width": "pixels",
    "height": "pixels",
    "format": "png, jpeg, webp, ...",
    "bytes": "the size of the file",
    "sha256": "the hash of the file as it is here",
    "source_sha256": "the hash of the file as the API sent it",
    "source_path": "the file in the run folder",
    "cost_usd": "what the job cost, with all its images",
    "image_cost_usd": "the image's share of that",
    "seconds": "from the request to the end of the task",
    "submitted_at": "when the request was sent",
    "completed_at": "when the task ended",
    "task_id": "the API's name of the task",
    "pick": "keep or reject, as most raters said",
    "rating": "the mean of all ratings, from 1 to 5",
    "status": "how the job ended",
    "error_code": "why there is no image, as a code",
    "error_message": "the same in words",
    "run": "the run folder",
    "split": "the split",
}


def meaning_of(column: str) -> str:
    """Return what a column means; empty for one that nothing is known of."""
    if column.startswith(AXIS):
        return f"the value of the spec's axis {axis_of_column(column)}"
    if column.startswith(SCORE):
        return "a number that a program gave to the image, named by its scorer"
    return _MEANINGS.get(column, "")
