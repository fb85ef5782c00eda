"""A first spec for an empty folder."""

from pathlib import Path

from qwave_batch.errors import StorageError, UsageError
from qwave_batch.resources import shipped

_SPEC = "specs/quickstart.yaml"
_SCHEMA = "schemas/spec.schema.json"


def write_first_spec(folder: str | Path = ".") -> Path:
    """Write ``quickstart.yaml`` and the schema that editors check it with into ``folder``; return the spec's path.

    Raises:
        UsageError: one of the files is there already; nothing was written.
        StorageError: the disk refuses.
    """
    spec = Path(folder) / Path(_SPEC).name
    schema = Path(folder) / Path(_SCHEMA).name
    for file in (spec, schema):
        if file.exists():
            raise UsageError(f"{file} is there already, and nothing was written; name another folder")
    text = shipped(_SPEC).read_text(encoding="utf-8")
    try:
        spec.parent.mkdir(parents=True, exist_ok=True)
        _write_new(schema, shipped(_SCHEMA).read_text(encoding="utf-8"))
        _write_new(spec, text.replace(f"../{_SCHEMA}", schema.name).replace(_SPEC, spec.as_posix()))
    except OSError as error:
        raise StorageError(f"cannot write {error.filename or spec}: {error.strerror}") from error
    return spec


def _write_new(path: Path, text: str) -> None:
    """Write a file that must not be there yet, whoever made it meanwhile."""
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
