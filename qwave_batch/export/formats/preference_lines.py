"""The format ``preferences`` as JSON lines: one for each vote, with the paths of images in their run folder."""

import codecs
import json

from qwave_batch.export.columns import well_formed
from qwave_batch.export.open_export import OpenExport
from qwave_batch.export.out_file import OutFile
from qwave_batch.export.voted_pairs import preference_record, voted_pairs

_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
"""Characters that some readers take for the end of a line, though JSON does not."""


def write_preference_lines(export: OpenExport, out: OutFile) -> None:
    """Write a JSON object a line, in UTF-8; no image is read."""
    has_splits, has_runs = bool(export.request.split.as_text()), len(export.readers) > 1
    export.counted = {}
    with out.new_file() as file:
        text = codecs.getwriter("utf-8")(file)
        for split, pairs in voted_pairs(export).items():
            export.counted[split] = len(pairs)
            for pair in pairs:
                record = preference_record(pair, [row.image.path if row.image else "" for row in pair.rows])
                record |= {"run": well_formed(pair.left.run)} if has_runs else {}
                record |= {"split": split} if has_splits else {}
                text.write(f"{json.dumps(record, ensure_ascii=False).translate(_LINE_ENDS)}\n")
