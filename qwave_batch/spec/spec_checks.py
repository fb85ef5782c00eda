"""Checks beyond the schema that need no catalog: templates, ids, ranges, and the files of tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from qwave_batch.errors import SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.model.store_url import BadStoreUrl, read_store_url
from qwave_batch.spec.inputs.file_access import FileAccess, FileRefused
from qwave_batch.spec.table.tables import Table, open_table
from qwave_batch.spec.template.literal_text import OPENINGS, is_template
from qwave_batch.spec.template.templates import TemplateFault, compile_path, compile_value
from qwave_batch.spec.values.json_values import MAX_INTEGER
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.source_map import SourceMap

MAX_WORDS_OF_SPEC = 500_000  # tokens; compiling one takes about ten microseconds
_STAGE_TEMPLATES = ("where", "text", "id", "tags", "meta")
"""In the block of a stage; a spec has none of them outside."""
_PROMPT_TEMPLATES = ("text", "id", "vars", "tags", "meta", "request", "where")


def template_problems(spec: Mapping[str, Json], source_map: SourceMap) -> Iterator[Problem]:
    """Yield the problems of templates that do not parse, wherever templates are allowed."""
    words = 0
    for path, value in _templated(spec):
        for found in _problems_below(value, path, source_map):
            if isinstance(found, Problem):
                yield found
                continue
            words += found
            if words > MAX_WORDS_OF_SPEC:
                raise SpecError([_too_many_words(source_map.place(path))])
    output = spec.get("output")
    if isinstance(output, Mapping) and isinstance(output.get("path"), str):
        path = ("output", "path")
        try:
            compile_path(str(output["path"]), path)
        except TemplateFault as fault:
            yield fault_problem(fault, source_map)


def fault_problem(fault: TemplateFault, source_map: SourceMap) -> Problem:
    """Return a template's fault as a problem, at the line inside the template if the file shows it."""
    return Problem(
        message=fault.message,
        path=source_map.path_text(fault.where),
        place=source_map.line_place(fault.where, fault.line),
        value=fault.source if len(fault.source) <= 120 else fault.source[:119] + "…",  # noqa: PLR2004
        allowed=fault.allowed,
        suggestion=fault.suggestion,
    )


def _templated(spec: Mapping[str, Json]) -> Iterator[tuple[ValuePath, Json]]:
    """Yield the parts of a spec, or of a stage's block, in which strings may be templates."""
    for key in ("vars", "request", "matrix"):
        if key in spec:
            yield (key,), spec[key]
    for key in _STAGE_TEMPLATES:
        if key in spec:
            yield (key,), spec[key]
    for number, prompt in enumerate(_list(spec.get("prompts"))):
        if isinstance(prompt, Mapping):
            for key in _PROMPT_TEMPLATES:
                if key in prompt:
                    yield ("prompts", number, key), prompt[key]
        else:
            yield ("prompts", number), prompt


def _too_many_words(place: SourcePlace) -> Problem:
    return Problem(
        message=f"the templates of the spec have more than {MAX_WORDS_OF_SPEC:,} tokens in their tags",
        place=place,
        suggestion="put the prompts into a table and load it with from: one template serves all its rows",
    )


def _problems_below(value: Json, path: ValuePath, source_map: SourceMap) -> Iterator[Problem | int]:
    """Yield the problems of the templates in a value, and for each valid one its number of tokens."""
    match value:
        case str():
            try:
                yield compile_value(value, path).words
            except TemplateFault as fault:
                yield fault_problem(fault, source_map)
        case Mapping():
            for key, item in value.items():
                if any(opening in key for opening in OPENINGS):
                    yield Problem(
                        message="a key cannot be a template",
                        path=source_map.path_text((*path, key)),
                        place=source_map.key_place((*path, key)),
                        value=key,
                        suggestion="use templates in values only",
                    )
                yield from _problems_below(item, (*path, key), source_map)
        case list():
            for number, item in enumerate(value):
                yield from _problems_below(item, (*path, number), source_map)


def id_problems(spec: Mapping[str, Json], source_map: SourceMap) -> Iterator[Problem]:
    """Yield each duplicate id; ids that are templates can only be compared after rendering."""
    taken: dict[str, ValuePath] = {}
    for number, prompt in enumerate(_list(spec.get("prompts"))):
        name = prompt.get("id") if isinstance(prompt, Mapping) else None
        if not isinstance(name, str) or is_template(name):
            continue
        path: ValuePath = ("prompts", number, "id")
        if name in taken:
            message = f'the id "{name}" is already used at {source_map.place(taken[name])}'
            yield Problem(message=message, path=source_map.path_text(path), place=source_map.place(path), value=name)
        taken.setdefault(name, path)


def count_problems(spec: Mapping[str, Json], source_map: SourceMap) -> Iterator[Problem]:
    """Yield the problem of a spec that says twice how often a request is made."""
    if "images" in spec and "repeat" in spec:
        yield Problem(
            message="images and repeat both say how often a request is made",
            path=source_map.path_text(("repeat",)),
            place=source_map.key_place(("repeat",)),
            value="repeat",
            suggestion="take one of the two out: with images, a request is made again until there are so many",
        )


def store_problems(spec: Mapping[str, Json], source_map: SourceMap) -> Iterator[Problem]:
    """Yield the problem of an address of a store; the address itself is not repeated, for it may hold a key."""
    output, path = spec.get("output"), ("output", "store")
    store = output.get("store") if isinstance(output, Mapping) else None
    if not isinstance(store, str):
        return
    try:
        read_store_url(store)
    except BadStoreUrl as error:
        yield Problem(
            message=f"it is not the address of a place in an object store: {error}",
            path=source_map.path_text(path),
            place=source_map.place(path),
            suggestion="write it as in s3://bucket/folder",
        )


def range_problems(spec: Mapping[str, Json], source_map: SourceMap) -> Iterator[Problem]:
    """Yield each range of integers that ends beyond 2^53-1."""
    matrix = spec.get("matrix")
    for name, axis in matrix.items() if isinstance(matrix, Mapping) else ():
        if not isinstance(axis, Mapping):
            continue
        start, count, step = axis.get("start"), axis.get("count"), axis.get("step", 1)
        if not (isinstance(start, int) and isinstance(count, int) and isinstance(step, int)):
            continue
        last = start + (count - 1) * step
        if abs(last) > MAX_INTEGER:
            path: ValuePath = ("matrix", name)
            message = f"its last integer is {last}, which is beyond 2^53-1"
            yield Problem(message=message, path=source_map.path_text(path), place=source_map.place(path), value=last)


def open_tables(
    spec: Mapping[str, Json], source_map: SourceMap, inputs: FileAccess, shown_as: str
) -> tuple[dict[int, Table], list[Problem]]:
    """Return the tables of prompts by the prompt's position, and the problems of tables that cannot be opened.

    ``shown_as`` is the name of the spec's own file in messages.
    """
    tables: dict[int, Table] = {}
    problems: list[Problem] = []
    for number, prompt in enumerate(_list(spec.get("prompts"))):
        name = prompt.get("from") if isinstance(prompt, Mapping) else None
        if not isinstance(name, str) or not name.strip():
            continue
        path: ValuePath = ("prompts", number, "from")
        if is_template(name):
            message = "from takes the name of a file, not a template"
            problems.append(
                Problem(message=message, path=source_map.path_text(path), place=source_map.place(path), value=name)
            )
            continue
        try:
            file = inputs.find(name)
            tables[number] = open_table(file, inputs.shown(file, shown_as, name))
        except FileRefused as error:
            problems.append(
                Problem(
                    message=error.message,
                    path=source_map.path_text(path),
                    place=source_map.place(path),
                    value=name,
                    suggestion=error.suggestion,
                    next_step=next(iter(error.next_steps), None),
                )
            )
        except SpecError as error:
            problems.extend(replace(problem, path=source_map.path_text(path)) for problem in error.problems)
    return tables, problems


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()
