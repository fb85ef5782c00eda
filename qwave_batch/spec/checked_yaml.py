"""Small YAML files of users beside specs: read as strictly as these, by a schema that ships."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from qwave_batch import lazy
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.files.regular_files import open_regular, read_regular, system_reason
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, SourcePlace, first_problems
from qwave_batch.resources import shipped
from qwave_batch.spec.inputs.text_encoding import decode_yaml
from qwave_batch.spec.structure_messages import MESSAGES, SchemaViolation, other_message
from qwave_batch.spec.yaml.source_map import SourceMap
from qwave_batch.spec.yaml.yaml_reader import read_yaml

_MOST_BYTES = 1_000_000

Check = Callable[[Json, SourceMap, "frozenset[str]"], Iterable[Problem]]
"""Finds what the schema can't: given the value, the places, and the paths of what the schema refuses."""


def read_checked_yaml(path: Path, schema: str, *, of: str, most: str, check: Check) -> tuple[Json, SourceMap]:
    """Return the content of a file that is right, with the places of its values.

    Args:
        path: The file.
        schema: The file of the schema among those that ship.
        of: The kind of file, for messages: ``card``.
        most: How large such a file is, for the message of one that is too large: ``a card is a few pages``.
        check: Finds further problems.

    Raises:
        SpecError: the file has mistakes; all of them are listed.
        UsageError: it can't be read.
    """
    shown_as = str(path)
    try:
        with open_regular(path, follows_link=True) as file:
            source = read_regular(file, shown_as=shown_as, most_bytes=_MOST_BYTES)
    except OSError as error:
        raise UsageError(f"the {of} {shown_as} can't be read: {system_reason(error)}") from error
    document = read_yaml(decode_yaml(source, shown_as, of=of, suggestion=most), shown_as)
    source_map = SourceMap(document.mark)
    refused = list(_schema_problems(document.value, schema, source_map))
    problems = [
        *document.problems,
        # a value whose own text is a mistake is listed already
        *first_problems(problem for problem in refused if problem.place not in document.unread),
        *check(document.value, source_map, frozenset(problem.path for problem in refused)),
    ]
    if problems:
        raise SpecError(sorted(problems, key=lambda problem: problem.place or SourcePlace(shown_as)))
    return document.value, source_map


def _schema_problems(value: Json, schema: str, source_map: SourceMap) -> Iterator[Problem]:
    """Yield all that the schema refuses."""
    root = _schema(schema)
    for error in lazy.jsonschema.Draft202012Validator(root).iter_errors(value):
        violation = SchemaViolation(
            keyword=error.validator if isinstance(error.validator, str) else "",
            wanted=error.validator_value,
            value=error.instance,
            path=tuple(error.absolute_path),
            schema=error.schema if isinstance(error.schema, dict) else {},
            root=root,
            is_name=False,
            message=error.message,
        )
        yield from MESSAGES.get(violation.keyword, other_message)(violation, source_map)


@cache
def _schema(name: str) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = json.loads(shipped(f"schemas/{name}").read_text(encoding="utf-8"))
    return schema
