"""Checks the lines of a manifest, each by itself and against each other."""

import json
from collections.abc import Iterator
from typing import Any

from qwave_batch.folder.inputs import references
from qwave_batch.model.job_identity import job_id
from qwave_batch.model.portable_paths import path_fault, path_key
from qwave_batch.model.record import JobStatus
from qwave_batch.output.link_checks import LinkChecker, ManifestFault
from qwave_batch.output.manifest_line import ManifestLine, line_from_json
from qwave_batch.output.manifest_schema import schema_faults


class LineChecker:
    """Reads a manifest line by line and remembers values that must be unique."""

    def __init__(self) -> None:
        self._job_ids: dict[str, int] = {}
        self._indexes: dict[int, int] = {}
        self._paths: dict[str, int] = {}
        self._files: dict[str, int] = {}
        self._last_index = -1
        self._links = LinkChecker()

    def read(self, number: int, raw: bytes) -> tuple[ManifestLine | None, list[ManifestFault]]:
        """Return the typed line, or None if it cannot be read, and its faults."""
        line, faults = self._read(number, raw)
        links = self._links.check(number, line) if line is not None else ()
        return line, [*map(ManifestFault, faults), *links]

    def missing(self) -> Iterator[tuple[int, ManifestFault]]:
        """Yield the faults that show once all lines were read, each with its line."""
        return self._links.missing()

    def _read(self, number: int, raw: bytes) -> tuple[ManifestLine | None, list[str]]:
        try:
            value = json.loads(raw)
        except ValueError:
            is_cut = raw.startswith(b"{") and not raw.rstrip().endswith(b"}")
            return None, ["the line is torn: its end is missing" if is_cut else "the line is not JSON"]
        except RecursionError:
            return None, ["the line is nested too deeply"]
        faults = list(schema_faults(value))
        if faults:
            return None, faults
        try:
            line = line_from_json(value)
        except ValueError as error:  # e.g. a thirteenth month
            return None, [str(error)]
        return line, [*_faults_alone(line, value), *self._faults_among(number, line)]

    def _faults_among(self, number: int, line: ManifestLine) -> Iterator[str]:
        if line.index <= self._last_index:
            yield f"index {line.index} comes after {self._last_index}: the lines are not in plan order"
        self._last_index = line.index
        yield from _once(self._job_ids, line.job_id, number, f"job_id {line.job_id}")
        for index in (line.index, *(duplicate.index for duplicate in line.also)):
            yield from _once(self._indexes, index, number, f"index {index}")
        if line.path:
            yield from _once(self._paths, path_key(line.path), number, f'path "{line.path}"')
        for image in line.images:
            fault = path_fault(image.path)
            if fault is not None:
                yield f'image path "{image.path}": {fault}'
            yield from _once(self._files, path_key(image.path), number, f'image path "{image.path}"')


def _once(seen: dict[Any, int], key: Any, number: int, shown: str) -> Iterator[str]:
    first = seen.setdefault(key, number)
    if first != number:
        yield f"{shown} stands on line {first} already"


def _faults_alone(line: ManifestLine, value: dict[str, Any]) -> Iterator[str]:
    for duplicate in line.also:
        if duplicate.index <= line.index:
            yield f"also: index {duplicate.index} is not after the job's own {line.index}"
    if len({duplicate.index for duplicate in line.also}) != len(line.also):
        yield "also: an index stands there twice"
    if len({path_key(image.path) for image in line.images}) != len(line.images):
        yield "images: a path stands there twice"
    for field in ("prompt", "model", "action") if line.status is not JobStatus.SKIPPED else ():
        sent = value["request"].get(field, value[field])
        if sent != value[field]:
            yield f"{field} is not that of the request"
    if next(references(line.request), None) is None:  # with an inline input, the hash was over the input itself
        expected = _id_of_request(value)
        if expected != line.job_id:
            yield f"job_id is not that of its request and repeat, {expected}"


def _id_of_request(value: dict[str, Any]) -> str:
    try:
        return job_id(value["request"], value["repeat"])
    except ValueError:
        return "which has no canonical form"
