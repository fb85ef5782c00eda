"""The prompts of a benchmark, read from its own files and checked as strictly as its scorer needs them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from qwave_batch.bench.bench_questions import questions_of_pairs
from qwave_batch.bench.benchmark import PART, Benchmark, BenchmarkPart
from qwave_batch.bench.layouts.bench_rows import BenchRow
from qwave_batch.bench.layouts.row_places import place_faults
from qwave_batch.bench.part_choice import FoundPart
from qwave_batch.bench.prompt_cells import CellFault, PromptCells, check_prompt, resolve_cells
from qwave_batch.bench.prompt_rows import PromptRow, columns_of_file, read_rows
from qwave_batch.errors import SpecError, UnknownName
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.values.json_values import UnusableCell
from qwave_batch.spec.values.value_messages import names_listed

_MOST_PROBLEMS = 20
_NAMES_SHOWN = 20
_PARQUET = ".parquet"
_NUMBER, _SET = "number", "set"

Questions = Mapping[str, list[dict[str, Json]]]
"""By the name of their prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchPrompt:
    """A prompt of a benchmark, with what its layout and its scorers need."""

    id: str
    """Its name in the spec."""
    prompt: str
    part: str
    set: str | None
    """The part of the benchmark that numbers restart in."""
    number: int
    """From 0, within the set."""
    of: int = 0
    """How many prompts the set has."""
    entry: JsonObject
    tags: tuple[str, ...]
    text: tuple[str, ...] | None
    """The text that the image is to show; None where the benchmark asks for none."""
    questions: tuple[JsonObject, ...] | None
    """None where there are none to be had."""
    image: Json
    """The cell that names the input image of an edit, or names several; None where the image is in the file itself."""
    row: PromptRow


def read_prompts(
    benchmark: Benchmark,
    parts: Sequence[FoundPart],
    *,
    questions: Questions | None = None,
    columns: Mapping[str, str] | None = None,
) -> tuple[BenchPrompt, ...]:
    """Return the prompts of some parts, in their official order.

    Args:
        benchmark: The benchmark.
        parts: The parts with their files.
        questions: The questions of a table of their own.
        columns: By our name of a column: the name that the user's files have for it.

    Raises:
        SpecError: A file is not one of the benchmark's, or rows are broken, or two have one id, or the scorer could not
            read the images of some.
        UnknownName: ``columns`` names a column that the benchmark does not read.
    """
    reader = _Reader(benchmark=benchmark, questions=questions, renamed=columns or {})
    prompts = list(reader.read(parts))
    reader.check_ids(prompts)
    if reader.problems:
        raise SpecError(reader.problems)
    sets = Counter(prompt.set for prompt in prompts)
    counted = tuple(replace(prompt, of=sets[prompt.set]) for prompt in prompts)
    problems = list(islice(_place_problems(benchmark, counted), _MOST_PROBLEMS))
    if problems:
        raise SpecError(problems)
    return counted


def _place_problems(benchmark: Benchmark, prompts: Sequence[BenchPrompt]) -> Iterator[Problem]:
    """Yield the prompts whose images the scorer could not read, and which no export could place."""
    rows = [
        BenchRow(
            part=prompt.set or "",
            number=prompt.number,
            of=prompt.of,
            images=benchmark.images,
            entry=prompt.entry,
            prompt=prompt.prompt,
            prompt_id=prompt.id,
        )
        for prompt in prompts
    ]
    for at, fault in place_faults(benchmark.name, rows):
        row = prompts[at].row
        yield Problem(message=f"row {row.number}: {fault}", place=row.place)


@dataclass(slots=True, kw_only=True)
class _Reader:
    benchmark: Benchmark
    questions: Questions | None
    renamed: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    _numbers: Counter[str | None] = field(default_factory=Counter)

    def read(self, parts: Sequence[FoundPart]) -> Iterator[BenchPrompt]:
        """Yield the prompts of some parts; mistakes are kept in ``problems``."""
        by_name = {found.part.name: found.part for found in parts}
        # parts that are told apart by a column share their files, which are read once
        for found in parts[:1] if self.benchmark.part_column else parts:
            for row, cells in self._in_order(found):
                try:
                    part = self._part_of(cells, by_name) if self.benchmark.part_column else found.part
                    if part is not None:
                        yield self._prompt(row, cells, part)
                except CellFault as fault:
                    self._add(f"row {row.number}: {fault}", row.place)

    def _in_order(self, found: FoundPart) -> Iterable[tuple[PromptRow, PromptCells]]:
        columns = columns_with_names(self.benchmark, found.part, self.renamed)
        rows = self._rows([file for file in found.files if self._has_columns(file, columns)], columns)
        order = self.benchmark.sort_by
        return rows if order is None else sorted(rows, key=lambda each: _as_number(each[1][order]))

    def _part_of(self, cells: PromptCells, chosen: Mapping[str, BenchmarkPart]) -> BenchmarkPart | None:
        """Return the part that a row says it is of; None for one that was not chosen."""
        name = cells[self.benchmark.part_column or ""]
        known = [each.name for each in self.benchmark.parts]
        if name not in known:
            raise CellFault(f"{self.benchmark.part_column} is {name}, and not one of {', '.join(known)}")
        return chosen.get(name)

    def _rows(
        self, files: Sequence[Path], columns: Mapping[str, tuple[str, ...]]
    ) -> Iterator[tuple[PromptRow, PromptCells]]:
        needed = None if self.benchmark.entry is None else _officials(columns, without=self._image_column)
        for row in read_rows(self.benchmark.form, files, needed):
            cells = resolve_cells(row, columns)
            missing = [name for name in columns if name not in cells and not self._is_in_parquet(name, row.file)]
            unusable = next(((name, cell) for name, cell in cells.items() if isinstance(cell, UnusableCell)), None)
            if unusable is not None:
                name, cell = unusable
                self._add(f"row {row.number}: {name} cannot be used: {cell.reason}", row.place)
            elif missing:
                self._add_missing(f"row {row.number}", missing, columns, tuple(row.cells), row.place)
            else:
                yield row, cells
            if len(self.problems) >= _MOST_PROBLEMS:
                raise SpecError(self.problems)

    def _has_columns(self, file: Path, columns: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether a file with a header has all columns that are read."""
        header = columns_of_file(self.benchmark.form, file)
        missing = [name for name, official in columns.items() if header and not set(official).intersection(header)]
        if missing and header:
            self._add_missing("the file", missing, columns, header, SourcePlace(str(file)))
        return not missing

    def _prompt(self, row: PromptRow, cells: PromptCells, part: BenchmarkPart) -> BenchPrompt:
        benchmark = self.benchmark
        prompt = check_prompt(cells["prompt"])
        cells[PART] = part.name
        set_ = self._set_of(cells)
        number = self._numbers[set_]
        cells[_NUMBER], cells[_SET] = number, set_ or ""
        id_ = cells.text(benchmark.id)
        if not id_.strip():
            raise CellFault("the id is empty")
        tags = tuple(map(cells.text, part.tags or benchmark.tags))
        made = BenchPrompt(
            id=id_,
            prompt=prompt,
            part=part.name,
            set=set_,
            number=number,
            entry=self._entry(row, cells),
            tags=tags,
            text=_texts(cells[benchmark.text], benchmark.text) if benchmark.text else None,
            questions=self._questions_of(row, cells),
            image=cells.get(benchmark.image.column) if benchmark.image else None,
            row=row,
        )
        self._numbers[set_] += 1
        return made

    def _set_of(self, cells: PromptCells) -> str | None:
        if self.benchmark.set is None:
            return None
        official = cells.text(self.benchmark.set)
        names = self.benchmark.set_names
        if names and official not in names:
            raise CellFault(f'"{official}" is not one of {", ".join(names)}')
        return names.get(official, official)

    def _entry(self, row: PromptRow, cells: PromptCells) -> JsonObject:
        fields = self.benchmark.entry
        if fields is None:
            return {name: cell for name, cell in row.cells.items() if name not in self.benchmark.left_out}
        return {name: cells[column] for name, column in fields.items()}

    def _questions_of(self, row: PromptRow, cells: PromptCells) -> tuple[JsonObject, ...] | None:
        source = self.benchmark.questions
        if source is None:
            return None
        if source.pairs:
            return tuple(questions_of_pairs(cells[source.pairs], row, source.pairs))
        return None if self.questions is None else tuple(self.questions.get(str(cells[source.key]), ()))

    def check_ids(self, prompts: Sequence[BenchPrompt]) -> None:
        """Note prompts whose id another one has already."""
        first: dict[str, BenchPrompt] = {}
        for prompt in prompts:
            other = first.setdefault(prompt.id, prompt)
            if other is not prompt and len(self.problems) < _MOST_PROBLEMS:
                message = f'row {prompt.row.number}: the id "{prompt.id}" is that of {_named(other, prompt)} too'
                self._add(message, prompt.row.place)

    @property
    def _image_column(self) -> str | None:
        return self.benchmark.image.column if self.benchmark.image else None

    def _is_in_parquet(self, name: str, file: Path) -> bool:
        """Whether a column holds images themselves, which are read one at a time later."""
        return name == self._image_column and file.suffix.lower() == _PARQUET

    def _add_missing(
        self,
        owner: str,
        missing: Sequence[str],
        columns: Mapping[str, tuple[str, ...]],
        has: Sequence[str],
        place: SourcePlace,
    ) -> None:
        """Note columns that a file or a row lacks; where their names are not verified, the user can tell them."""
        lacks = " and no ".join(" or ".join(columns[name]) for name in missing)
        message = f"{owner} has no {lacks}; it has {names_listed(has, _NAMES_SHOWN)}"
        step = None if self.benchmark.is_verified else Advice(NextStep.NAME_COLUMN, missing[0])
        self.problems.append(Problem(message=message, place=place, next_step=step))

    def _add(self, message: str, place: SourcePlace) -> None:
        self.problems.append(Problem(message=message, place=place))


def columns_with_names(
    benchmark: Benchmark, part: BenchmarkPart, renamed: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return the official names of each column that is read of a part, or the name that the user gives.

    Raises:
        UnknownName: A name is given for a column that the benchmark does not read.
    """
    columns = benchmark.columns_of(part)
    for name in renamed:
        if name not in columns:
            hint = f"{benchmark.name} reads {', '.join(columns)}"
            raise UnknownName(f"column of {benchmark.name}", name, columns, hint=hint)
    return {name: (renamed[name],) if name in renamed else official for name, official in columns.items()}


def _officials(columns: Mapping[str, tuple[str, ...]], *, without: str | None) -> frozenset[str]:
    return frozenset(official for name, each in columns.items() if name != without for official in each)


def _as_number(cell: Json) -> tuple[bool, int, str]:
    """Return what cells are sorted by: whole numbers first, in their order."""
    text = str(cell)
    return (not text.isdecimal(), int(text) if text.isdecimal() else 0, text)


def _texts(cell: Json, column: str) -> tuple[str, ...]:
    texts = [cell] if isinstance(cell, str) else cell
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise CellFault(f"{column} is not a list of strings")
    return tuple(map(str, texts))


def _named(other: BenchPrompt, prompt: BenchPrompt) -> str:
    file = "" if other.row.file == prompt.row.file else f" of {other.row.file}"
    return f"row {other.row.number}{file}"
