"""Tables that are one YAML list of mappings, in the spec's own YAML."""

from collections.abc import Iterator
from dataclasses import replace

from qwave_batch.errors import SpecError
from qwave_batch.spec.encoding import MAX_FILE_BYTES, decode_yaml
from qwave_batch.spec.jsonrows import object_row
from qwave_batch.spec.reading import Reading, read_yaml_list
from qwave_batch.spec.rows import Columns, Row, RowFault
from qwave_batch.spec.tablefile import TableFile


def read_yaml_table(file: TableFile) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Each item of the list is a mapping, whose keys are the row's cells; the text is held whole, the rows are not."""
    return None, _rows(file)


def _rows(file: TableFile) -> Iterator[Row | RowFault]:
    source = file.read(MAX_FILE_BYTES + 1)
    text = decode_yaml(source, file.shown_as, of="table", way_out="write it as .jsonl, which may be of any size")
    try:
        for number, reading in enumerate(read_yaml_list(text, file.shown_as), start=1):
            yield from _row(number, reading)
    except SpecError as error:
        yield from (RowFault(replace(problem, path="")) for problem in error.problems)


def _row(number: int, reading: Reading) -> Iterator[Row | RowFault]:
    if reading.problems:
        for problem in reading.problems:
            yield RowFault(replace(problem, path="", message=f"row {number}: {problem.message}"))
    else:
        row = object_row(number, reading.value, reading.mark.place, each="each item of the list is a mapping")
        if reading.has_remarkable and isinstance(row, Row):
            row = replace(row, remarkable=tuple(reading.mark.remarkable()))
        yield row
