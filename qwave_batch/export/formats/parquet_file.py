"""The format ``parquet``: one file, with the images inside it or their paths."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from qwave_batch.export.arrow_tables import IMAGE_TYPE, ROWS_OF_TEXT, ROWS_WITH_IMAGES, arrow_schema, write_parquet
from qwave_batch.export.open_export import FILE_NAME, OpenExport
from qwave_batch.export.out_file import OutFile
from qwave_batch.model.jsontypes import Json

IMAGE = "image"
HUGGING_FACE: Mapping[str, Json] = {"info": {"features": {IMAGE: {"_type": "Image"}}}}
"""Without it, Hugging Face's libraries load an image as a dict of bytes and path."""


def write(export: OpenExport, out: OutFile) -> None:
    """Write the file; a job without an image has null in its place."""
    has_images = export.request.has_images
    first = pa.field(IMAGE, IMAGE_TYPE) if has_images else pa.field(FILE_NAME, pa.string())
    metadata: dict[str, Json] = {"qwave_batch": export.origin.as_json()}
    metadata |= {"huggingface": HUGGING_FACE} if has_images else {}
    schema = arrow_schema(export.selected.table.columns, first=[first], metadata=metadata)
    records = _with_images(export) if has_images else export.named()
    with out.new_file() as file:
        write_parquet(file, schema, records, rows_in_group=ROWS_WITH_IMAGES if has_images else ROWS_OF_TEXT)


def _with_images(export: OpenExport) -> Iterator[dict[str, Any]]:
    number = 0
    for row, image in export.loaded():
        if image is None:
            yield {IMAGE: None, **export.record_of(row, None)}
            continue
        name = f"{number:06}.{image.ending}"
        number += 1
        yield {IMAGE: {"bytes": image.data, "path": name}, **export.record_of(row, image)}
