"""Copies the images that a plan's requests name into the run folder, before anything is sent."""

import json
import os
from contextlib import suppress

from qwave_batch.errors import UsageError
from qwave_batch.files.regular_files import NotRegular, open_regular, read_regular, system_reason
from qwave_batch.folder.inputs import store_input, stored_input
from qwave_batch.folder.layout import RunLayout
from qwave_batch.imaging.image_inspection import MAX_IMAGE_BYTES
from qwave_batch.model.input_references import reference_to
from qwave_batch.model.portable_paths import INPUTS, KEPT_IMAGES
from qwave_batch.plan.file.plan_file import AnyPlan
from qwave_batch.plan.input_images import InputImage
from qwave_batch.plan.planner import Plan

_NOTHING_SENT = "nothing was sent"


def check_images_are_there(layout: RunLayout, plan: AnyPlan) -> None:
    """Look for each image of a plan, in the folder or where the plan found it; nothing is read or written.

    Raises:
        UsageError: one is in neither place.
    """
    for image in plan.inputs.values():
        if not _is_kept(layout, image):
            try:
                with open_regular(image.path) as file:
                    size_bytes = os.fstat(file.fileno()).st_size
            except (OSError, NotRegular) as error:
                raise _gone(image, error) from error
            if size_bytes != image.size_bytes:
                raise _changed(image)


def keep_images(layout: RunLayout, plan: AnyPlan) -> None:
    """Copy each image of a plan to ``inputs/``, once, unless it is there, and list the names that its spec has for it.

    Raises:
        UsageError: a file has changed since the plan was made, or is gone.
        StorageError: the disk refuses.
    """
    for image in plan.inputs.values():
        if not _is_kept(layout, image):
            store_input(layout, _bytes_of(image))
    if isinstance(plan, Plan) and plan.inputs:
        _list_names(layout, plan)


def _list_names(layout: RunLayout, plan: Plan) -> None:
    """Write the names of the images, by which the spec that is kept finds them."""
    found = {reference: stored_input(layout, reference) for reference in plan.inputs}
    files = {reference: file.removeprefix(f"{INPUTS}/") for reference, file in found.items() if file is not None}
    kept = plan.prepared.images.kept(layout.root, files)
    text = json.dumps(kept.as_json(), ensure_ascii=True, indent=2).encode() + b"\n"
    with suppress(OSError, UsageError):
        if layout.tree.read(KEPT_IMAGES, most_bytes=len(text)) == text:
            return
    layout.artifacts.put(KEPT_IMAGES, text)


def _is_kept(layout: RunLayout, image: InputImage) -> bool:
    file = stored_input(layout, image.reference)
    found = None if file is None else layout.artifacts.look(file)
    return found is not None and found.size_bytes == image.size_bytes


def _bytes_of(image: InputImage) -> bytes:
    try:
        with open_regular(image.path) as file:
            data = read_regular(file, shown_as=str(image.path), most_bytes=MAX_IMAGE_BYTES)
    except (OSError, NotRegular) as error:
        raise _gone(image, error) from error
    if reference_to(data) != image.reference:
        raise _changed(image)
    return data


def _changed(image: InputImage) -> UsageError:
    return UsageError(
        f"{image.path} has changed since the plan was made, so it is another image; {_NOTHING_SENT}: "
        "plan the spec again"
    )


def _gone(image: InputImage, error: OSError | NotRegular) -> UsageError:
    reason = error.reason if isinstance(error, NotRegular) else system_reason(error)
    return UsageError(
        f"the image {image.path}, which the plan sends, can't be read: {reason}; {_NOTHING_SENT}: put it back, "
        "or plan the spec again"
    )
