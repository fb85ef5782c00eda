"""The text of an imported spec, with comments, and the lines of the table beside it."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qwave_batch.bench.bench_prompts import BenchPrompt
from qwave_batch.bench.benchmark import Benchmark, Squares
from qwave_batch.model.jsontypes import Json

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
_COMMENT_AT = 40
SQUARE = "1:1"
_BYTE_ORDER_MARK, _ESCAPED_MARK = "\ufeff", "\\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecFacts:
    """The facts that an imported spec is written from."""

    benchmark: Benchmark
    name: str
    prompts: Sequence[BenchPrompt]
    license: str
    catalog: str
    models: Sequence[str]
    table: str
    """The name of the table's file, which lies beside the spec."""
    first_seed: int
    image_field: str
    """The request field of input images."""


def spec_text(facts: SpecFacts) -> str:
    """Return the spec."""
    lines = [*_heading(facts), "", *_body(facts), "", *_prompts(facts), "", *_matrix(facts)]
    return "".join(f"{line}\n" for line in lines)


def table_line(prompt: BenchPrompt, *, seed: int, images: Sequence[str] | None) -> bytes:
    """Return the line of a prompt in the table.

    Args:
        prompt: The prompt.
        seed: The first of the seeds that its images take.
        images: The names of its input images, relative to the spec; None if it is not an edit.

    Raises:
        ValueError, TypeError: A cell holds something that JSON in UTF-8 cannot.
    """
    row: dict[str, Json] = {
        "id": prompt.id,
        "prompt": prompt.prompt,
        "seed": seed,
        "set": prompt.set,
        "number": prompt.number,
        "of": prompt.of,
        "entry": dict(prompt.entry),
        "tags": list(prompt.tags),
    }
    if prompt.text is not None:
        row["text"] = list(prompt.text)
    if prompt.questions is not None:
        row["questions"] = [dict(question) for question in prompt.questions]
    if images is not None:
        row["images"] = list(images)
    line = json.dumps(row, ensure_ascii=False, allow_nan=False)
    # in the middle of a file it looks as if two files were joined, and tables with one are refused
    return f"{line.replace(_BYTE_ORDER_MARK, _ESCAPED_MARK)}\n".encode()


def _heading(facts: SpecFacts) -> Iterator[str]:
    benchmark = facts.benchmark
    yield f"# {benchmark.title}: {len(facts.prompts):,} prompts, imported from the benchmark's own files."
    yield f"# repository: {benchmark.repository}"
    yield f"# license: {facts.license}"
    yield f"# scorer: reads {benchmark.scorer}"


def _body(facts: SpecFacts) -> Iterator[str]:
    benchmark = facts.benchmark
    yield "version: 1"
    yield f"name: {facts.name}"
    yield f"description: {_scalar(f'{benchmark.title}: {benchmark.about}')}"
    yield f'catalog: "{facts.catalog}"'
    yield ""
    yield "vars:"
    yield _noted(f"  first_seed: {facts.first_seed}", "another one gives other images")
    yield ""
    yield _noted(f"images: {benchmark.images}", "of each prompt with each model, as the scorer reads them")
    yield _noted("duplicates: keep", "equal prompts are images of their own")
    yield _noted("unsupported: drop", "a model that takes no seed, or no shape, goes without")
    request = [f"  action: {benchmark.action}"] if benchmark.action else []
    if benchmark.squares is not Squares.NONE:
        why = "the scorer would misread others" if benchmark.squares is Squares.NEEDED else "as others have measured"
        request.append(_noted(f'  aspect_ratio: "{SQUARE}"', why))
    if request:
        yield from ("", "request:", *request)


def _prompts(facts: SpecFacts) -> Iterator[str]:
    benchmark = facts.benchmark
    tags = len(facts.prompts[0].tags)
    yield "prompts:"
    yield f"  - from: {_scalar(facts.table)}"
    yield '    id: "{{ row.id }}"'
    yield _noted('    text: "{{ row.prompt }}"', "as it is: what stands in a cell is never a template")
    if tags:
        yield f"    tags: [{', '.join(_template(f'row.tags[{number}]') for number in range(tags))}]"
    yield _noted("    meta:", "for the scorer's files, and for scores")
    yield f"      benchmark: {benchmark.name}"
    for name in ("set", "number", "of"):
        yield f"      {name}: {_template(f'row.{name}')}"
    yield f"      n: {benchmark.images}"
    yield '      entry: "{{ row.entry }}"'
    if facts.prompts[0].text is not None:
        yield '      text: "{{ row.text }}"'
    if facts.prompts[0].questions is not None:
        yield '      questions: "{{ row.questions }}"'
    yield "    request:"
    yield f"      seed: {_template('first_seed + row.seed + repeat * images_per_request')}"
    if benchmark.image is not None:
        yield f'      {facts.image_field}: "{{{{ row.images }}}}"'


def _matrix(facts: SpecFacts) -> Iterator[str]:
    yield "matrix:"
    yield f"  model: [{', '.join(map(_scalar, facts.models))}]"


def _template(expression: str) -> str:
    return f'"{{{{ {expression} }}}}"'


def _noted(line: str, comment: str) -> str:
    return f"{line:<{_COMMENT_AT}}# {comment}"


def _scalar(text: str) -> str:
    """Return a text as YAML has it."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
