"""Reads a spec's file and the files that it extends, merged into one layer."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from qwave_batch.errors import SpecError, UsageError
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.inputs.file_access import FileAccess, FileRefused, InputFile, beside
from qwave_batch.spec.inputs.text_encoding import MAX_FILE_BYTES, SPEC_TOO_LARGE_HINT, check_yaml_size, decode_spec
from qwave_batch.spec.layers import Layer, merge_layers, without
from qwave_batch.spec.values.value_messages import type_name
from qwave_batch.spec.yaml.source_map import SourceMap
from qwave_batch.spec.yaml.yaml_nodes import MAX_VALUES
from qwave_batch.spec.yaml.yaml_reader import read_yaml

MAX_BASES = 20


@dataclass(slots=True)
class SpecFiles:
    """Reads a spec's file and its bases, and collects what is wrong with them."""

    inputs: FileAccess
    spec: str
    """The name of the spec's own file in messages."""
    contents: Mapping[Path, bytes]
    """Contents that are read instead of those of the files."""
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    unread: set[SourcePlace] = field(default_factory=set)
    """Places of values that could not be read; they are among the problems already."""
    leaves_open: bool = False
    """Whether a base is missing, so that its content is unknown."""
    has_notes: bool = False
    """Whether some value has a note."""
    values: int = 0
    """Number of values in the files so far."""
    bases: list[bytes] = field(default_factory=list)
    paths: dict[str, Path] = field(default_factory=dict)
    """The bases, nearest first, by their names relative to the spec's folder."""

    def read(
        self, source: bytes, path: Path, shown_as: str, below: tuple[Path, ...] = (), *, known_as: str = ""
    ) -> Layer:
        """Return the file's value merged over its base; ``known_as`` is its name relative to the spec's folder."""
        reading = read_yaml(decode_spec(source, shown_as), shown_as)
        self.values += reading.values
        if self.values > MAX_VALUES:
            message = f"the spec and the files that it extends hold more than {MAX_VALUES:,} values"
            raise SpecError([Problem(message=message, place=SourcePlace(shown_as))])
        self.problems.extend(reading.problems)
        self.warnings.extend(reading.warnings)
        self.unread |= reading.unread
        self.has_notes = self.has_notes or reading.has_notes
        layer = Layer(reading.value, reading.mark)
        name = layer.value.get("extends") if isinstance(layer.value, dict) else None
        if not isinstance(name, str) or not name.strip():
            return layer
        place = SourceMap(layer.mark).place(("extends",))
        base = self._base(name, place, (*below, path), str(PurePosixPath(known_as).parent / name))
        # if the base cannot be read, that is reported already
        return merge_layers(without(layer, "extends"), base) if base else layer

    def source(self, file: InputFile, shown_as: str) -> bytes:
        """Return the content of a file, or what is to be read instead."""
        return self.contents[file.path] if file.path in self.contents else _read(file, shown_as)

    def _base(self, name: str, place: SourcePlace, below: tuple[Path, ...], known_as: str) -> Layer | None:
        def note(message: str, suggestion: str | None = None) -> None:
            self.leaves_open = True
            self.problems.append(
                Problem(message=message, path="extends", place=place, value=name, suggestion=suggestion)
            )

        try:
            found = self.inputs.find(name, base=below[-1].parent, known_as=known_as)
            base = found.path
            if base in below:
                circle = " -> ".join(file.name for file in (*below[below.index(base) :], base))
                note(f"the files extend each other in a cycle: {circle}", "remove extends from one of them")
                return None
            if len(below) >= MAX_BASES:
                note(f"the chain of extends is longer than {MAX_BASES} files")
                return None
            source = self.source(found, name)
        except UsageError as error:
            note(*((error.message, error.suggestion) if isinstance(error, FileRefused) else (str(error), None)))
            return None
        self.bases.append(source)
        self.paths[known_as] = base
        try:
            layer = self.read(source, base, self._shown(found, place.file, name), below, known_as=known_as)
        except SpecError as error:
            self.problems.extend(error.problems)
            self.leaves_open = True
            return None
        if isinstance(layer.value, dict):
            return layer
        self.leaves_open = True
        message = f"expected a mapping, found {type_name(layer.value)}"
        self.problems.append(Problem(message=message, place=layer.mark.place))
        return None

    def _shown(self, file: InputFile, namer: str, name: str) -> str:
        return self.inputs.shown(file, self.spec, name) if self.inputs.is_run_folder else beside(namer, name)


def _read(file: InputFile, shown_as: str) -> bytes:
    try:
        with file.open() as opened:
            check_yaml_size(os.fstat(opened.fileno()).st_size, shown_as, of="spec", suggestion=SPEC_TOO_LARGE_HINT)
            return opened.read(MAX_FILE_BYTES + 1)  # the size may have changed by now, and some files have none
    except FileRefused as error:
        said = "is a folder; name the spec's file" if file.path.is_dir() else error
        raise FileRefused(f"{shown_as} {said}") from None
    except FileNotFoundError:
        raise UsageError(f"{shown_as} does not exist") from None
    except (OSError, ValueError) as error:
        reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{shown_as} cannot be read: {reason}") from None
