"""Questions that a judge asks about an image, as benchmarks have them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from qwave_batch.bench.benchmark import FileForm, QuestionSource
from qwave_batch.bench.prompt_rows import PromptRow, read_rows
from qwave_batch.errors import SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem


def questions_by_prompt(source: QuestionSource, files: Sequence[Path]) -> dict[str, list[dict[str, Json]]]:
    """Return the questions of a table, by the name of their prompt, in the order of the table.

    Raises:
        SpecError: The table cannot be read, or a row lacks a column.
    """
    found: dict[str, list[dict[str, Json]]] = {}
    for row in read_rows(FileForm.TABLE, files):
        needed = (source.of, source.question, source.id, source.answer, source.choices, source.dependency)
        missing = [column for column in needed if column and column not in row.cells]
        if missing:
            message = f"row {row.number} of the questions has no {', '.join(missing)}"
            raise SpecError([Problem(message=message, place=row.place)])
        questions = found.setdefault(str(row.cells[source.of]), [])
        questions.append(_question(source, row.cells, len(questions)))
    return found


def _question(source: QuestionSource, cells: Mapping[str, Json], number: int) -> dict[str, Json]:
    return {
        "id": str(cells[source.id]) if source.id else str(number),
        "question": cells[source.question],
        "answer": cells[source.answer] if source.answer else source.answer_is,
        **({"choices": cells[source.choices]} if source.choices else {}),
        **({"dependency": cells[source.dependency]} if source.dependency else {}),
    }


def questions_of_pairs(pairs: Json, row: PromptRow, column: str) -> list[dict[str, Json]]:
    """Return the questions of a cell that lists a question and an answer each.

    Raises:
        SpecError: The cell holds something else.
    """
    return list(_paired(pairs, row, column))


def _paired(pairs: Json, row: PromptRow, column: str) -> Iterator[dict[str, Json]]:
    for number, pair in enumerate(pairs if isinstance(pairs, list) else [pairs]):
        match pair:
            case [str(question), str() | int() | float() as answer]:
                yield {"id": str(number), "question": question, "answer": str(answer)}
            case _:
                message = f"{column} of row {row.number} is not a list of questions with their answers"
                raise SpecError([Problem(message=message, place=row.place)])
