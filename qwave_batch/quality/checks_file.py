"""checks.jsonl: what ``check`` left in a run folder, for those who leave out what it found.

The file has a line for each finding and nothing else, so what was checked is remembered in the workspace: a hash of the
file, and one of the images. A copy without its workspace, or a store, is judged by time: checks that are older than the
manifest are out of date.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from qwave_batch.errors import FolderError, StorageError, UnknownName, UsageError
from qwave_batch.files.tree import PRIVATE_MODE
from qwave_batch.folder.artifacts import CHECKS, MANIFEST
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import storage_errors, write_atomic
from qwave_batch.folder.workspace import CHECKED, PRIVATE
from qwave_batch.model.codec import Codec
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.record import ImageFile
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.quality.finding import COMPARING, Finding, FindingKind, finding_from_json

_MOST_LINE_BYTES = 64 * 1024
_MOST_BYTES_OF_CHECKED = 64 * 1024


@dataclass(frozen=True, slots=True)
class Checks:
    """The findings of a folder, by image."""

    findings: Mapping[str, tuple[Finding, ...]]
    """By path; images without findings are not there."""

    def kinds_of(self, path: str) -> frozenset[FindingKind]:
        """Return the kinds of what was found of an image."""
        return frozenset(finding.kind for finding in self.findings.get(path, ()))

    def dropping(self, kinds: Collection[FindingKind]) -> "Dropping":
        """Return what leaves out images with findings of these kinds; see ``Dropping``."""
        return Dropping(self, frozenset(kinds))


@dataclass(frozen=True, slots=True)
class Dropping:
    """Leaves out images with findings of some kinds. Of a group of duplicates one image is kept: the first that may be.

    An exact duplicate counts as a near one too.
    """

    checks: Checks
    kinds: frozenset[FindingKind]
    _kept: set[str] = field(default_factory=set)
    """Groups of which an image is kept, by their first image."""

    def keeps(self, path: str) -> bool:
        """Whether an image is kept. Ask once for each image that would be, in plan order."""
        kinds = self.checks.kinds_of(path)
        if kinds & self.kinds - COMPARING:
            return False
        first = self._first_of(path)
        if first == path and not self.kinds & COMPARING:
            return True
        is_kept = first not in self._kept
        self._kept.add(first)
        return is_kept

    def _first_of(self, path: str) -> str:
        """Return the first image of the group that an image belongs to, as far as these kinds make groups."""
        compared = {FindingKind.DUPLICATE} if self.kinds & COMPARING else set()
        if FindingKind.NEAR_DUPLICATE in self.kinds:
            compared.add(FindingKind.NEAR_DUPLICATE)
        first: str | None = path
        for _ in range(len(COMPARING)):  # a copy names an image that may itself be like an earlier one
            findings = self.checks.findings.get(first or path, ())
            first = next((each.first for each in findings if each.kind in compared and each.first), first)
        return first or path


def kinds_named(names: Collection[str]) -> frozenset[FindingKind]:
    """Return the kinds of findings that users name.

    Raises:
        UnknownName: there is no such kind.
    """
    known = tuple(kind.value for kind in FindingKind)
    for name in names:
        if name not in known:
            raise UnknownName("kind of finding", name, known, hint=f"there is {', '.join(known)}")
    return frozenset(map(FindingKind, names))


class ImagesDigest:
    """A hash over the images of a folder, in plan order: it changes when any is added, removed or replaced."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.stages: dict[str, str] = {}
        """By stage: the hash of all images up to its last one, as far as ``end_stage`` was called."""

    def end_stage(self, stage: str) -> None:
        """Note the hash of all images so far as that of a stage."""
        self.stages[stage] = self.hexdigest()

    def add(self, image: ImageFile) -> None:
        """Take in the next image."""
        self._digest.update(f"{image.sha256} {image.path}\n".encode("utf-8", "surrogatepass"))

    def hexdigest(self) -> str:
        """Return the hash of all so far."""
        return self._digest.hexdigest()


@dataclass(frozen=True, slots=True)
class StageChecks:
    """The findings of a folder, and the stages whose images they are about."""

    checks: Checks
    stages: frozenset[str]
    """Those whose images, and all before them in the plan, are the ones that were checked."""


def read_stage_checks(reader: FolderReader, images: ImagesDigest) -> StageChecks:
    """Return what the last check found, as far as it is about the images that are there; nothing without a check.

    Later stages may have more images since: no finding about an image depends on those behind it in the plan.

    Args:
        reader: The folder.
        images: The hash of its images by stage.

    Raises:
        FolderError: the file was not written by ``check``.
        StorageError: the disk or the ledger fails.
    """
    layout = reader.layout
    if layout.artifacts.look(CHECKS) is None:
        return StageChecks(Checks({}), frozenset())
    findings, sha256 = _read_findings(layout)
    checked = _remembered(layout)
    if checked is not None and checked.checks_sha256 == sha256:
        same = {stage for stage, told in images.stages.items() if checked.stages.get(stage) == told}
        return StageChecks(findings, frozenset(same))
    is_outdated = _is_outdated(reader, sha256)
    return StageChecks(findings, frozenset() if is_outdated else frozenset(images.stages))


def read_checks(reader: FolderReader) -> Checks:
    """Return what the last check of a folder found.

    Raises:
        FolderError: it was never checked, or its images are others since, or the file was not written by ``check``.
        StorageError: the disk or the ledger fails.
    """
    layout = reader.layout
    advice = Advice(NextStep.CHECK, layout.address)
    if layout.artifacts.look(CHECKS) is None:
        raise FolderError(f"{layout.address} was not checked yet: it has no {CHECKS}", next_steps=(advice,))
    checks, sha256 = _read_findings(layout)
    if _is_outdated(reader, sha256):
        raise FolderError(
            f"{layout.place_of(CHECKS)} is older than the images: they changed since", next_steps=(advice,)
        )
    return checks


def _read_findings(layout: RunLayout) -> tuple[Checks, str]:
    """Return what the file holds, and its hash."""
    advice = Advice(NextStep.CHECK, layout.address)
    digest, findings = hashlib.sha256(), dict[str, tuple[Finding, ...]]()
    for number, raw in enumerate(_raw_lines(layout), 1):
        digest.update(raw)
        try:
            finding = finding_from_json(json.loads(raw))
        except (ValueError, RecursionError) as error:
            raise FolderError(
                f"{layout.place_of(CHECKS)}:{number}: not a finding of a check ({error})", next_steps=(advice,)
            ) from error
        if finding.path is not None:
            findings[finding.path] = (*findings.get(finding.path, ()), finding)
    return Checks(findings), digest.hexdigest()


def _raw_lines(layout: RunLayout) -> Iterator[bytes]:
    with storage_errors(layout.root, "read", CHECKS):
        file = layout.artifacts.open(CHECKS)
    with file:
        while raw := file.readline(_MOST_LINE_BYTES):
            yield raw


@dataclass(frozen=True, slots=True)
class _Checked:
    """The memory of a check."""

    checks_sha256: str
    """Of the file as it was written."""
    images_sha256: str
    stages: Mapping[str, str] = field(default_factory=dict)
    """By stage: the hash of all images up to its last one."""


_CODEC = Codec({})


def remember_checks(layout: RunLayout, *, checks_sha256: str, images: ImagesDigest) -> None:
    """Remember which images the file is about, where the folder has its workspace."""
    if layout.tree.is_folder(PRIVATE):
        with suppress(OSError, StorageError, UsageError):
            told = (
                json.dumps(_CODEC.encode(_Checked(checks_sha256, images.hexdigest(), images.stages))).encode() + b"\n"
            )
            write_atomic(layout.tree, CHECKED, told, mode=PRIVATE_MODE)


def _is_outdated(reader: FolderReader, checks_sha256: str) -> bool:
    checked = _remembered(reader.layout)
    if checked is not None and checked.checks_sha256 == checks_sha256:
        images = ImagesDigest()
        for _, image in reader.images():
            images.add(image)
        return images.hexdigest() != checked.images_sha256
    checks, manifest = (reader.layout.artifacts.look(path) for path in (CHECKS, MANIFEST))
    return checks is None or (manifest is not None and manifest.modified_ns > checks.modified_ns)


def _remembered(layout: RunLayout) -> _Checked | None:
    with suppress(OSError, StorageError, UsageError, ValueError, RecursionError):
        return _CODEC.decode(json.loads(layout.tree.read(CHECKED, most_bytes=_MOST_BYTES_OF_CHECKED)), _Checked)
    return None
