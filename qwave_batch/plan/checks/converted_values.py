"""Warns of unquoted texts and numbers whose value is written differently in the file."""

from collections.abc import Iterator

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.request_fields import is_free_text
from qwave_batch.model.problem import Problem
from qwave_batch.plan.checks.spellings import Spellings, spelling_message
from qwave_batch.plan.expand.axes import Vocabulary
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Spec, ValuePath
from qwave_batch.spec.table.rows import Row
from qwave_batch.spec.values.value_messages import cut_for_message

_WAY_OUT = "put quotes around the whole text; a comment that is meant has a blank behind its #"


def _cut_message(comment: str) -> str:
    return f'the text ends before "{cut_for_message(comment, 60)}": everything from # on is a comment'


def as_written(spec: Spec, catalog: Catalog, spellings: Spellings) -> Iterator[Problem]:
    """Yield a warning for each value of the spec that becomes a different text than the file shows.

    These are texts before a comment that looks like part of them, and numbers that a text spells differently.
    """
    yield from spellings.warnings()
    for path, written in spec.notes:
        if written.comment and _takes_any_text(path, catalog, spellings.vocabulary):
            yield Problem(
                message=_cut_message(written.comment),
                path=spec.source_map.path_text(path),
                place=written.place,
                suggestion=_WAY_OUT,
                severity="warning",
            )


def note_converted_cells(row: Row, origin: ValuePath, spellings: Spellings, problems: ProblemCollector) -> None:
    """Note the cells of a row that a comment cuts off, or that are spelled differently in a text."""
    where = (*origin, "from")
    for path, written in row.notes:
        if written.comment:
            problems.add(where, f'in "{path[0]}" {_cut_message(written.comment)}', suggestion=_WAY_OUT, warning=True)
        elif written.spelling and spellings.is_written(int(origin[1]), path):
            message, way_out = spelling_message(written.spelling)
            problems.add(where, f'in "{path[0]}" {message}', suggestion=way_out, warning=True)


def _takes_any_text(path: ValuePath, catalog: Catalog, vocabulary: Vocabulary) -> bool:
    """Whether a place that is sent accepts any text, rather than one of a few words or the name of a file."""
    match path:
        case ("vars", *_) | ("output", "path") | ("prompts", int()):
            return True
        case ("request", str(field), *_) | ("prompts", int(), "request", str(field), *_):
            return _is_free(catalog, field)
        case ("prompts", int(), str(key), *_):
            return key != "from"
        case ("matrix", *below):
            field_set = _field_of(tuple(below), vocabulary)
            return field_set is None or _is_free(catalog, field_set)
        case _:
            return False


def _field_of(path: ValuePath, vocabulary: Vocabulary) -> str | None:
    """Return the request field that a value of the matrix is for, or None for a variable or a label."""
    match path:
        case ("include" | "exclude", int(), str(key), *_):
            name = vocabulary.read(key)
            return name.text if name.is_field else None
        case (str(), int(), "request", str(field), *_):
            return field
        case (str(), int(), "id"):
            return None
        case (str(axis), int(), *below):
            name = vocabulary.read(axis)
            return str(below[0] if below else name.text) if name.is_field else None
        case _:
            return None


def _is_free(catalog: Catalog, field: str) -> bool:
    """Whether some model takes any text for a field."""
    return any(is_free_text(model.fields[field]) for model in catalog.models.values() if field in model.fields)
