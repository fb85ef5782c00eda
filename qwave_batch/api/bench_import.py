"""Makes a spec, and a table beside it, of a public benchmark's own prompt files."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch.api.bench_models import choose_models, input_image_field, models_without_shapes
from qwave_batch.bench.bench_images import BenchImage, read_images
from qwave_batch.bench.bench_prompts import BenchPrompt, Questions, read_prompts
from qwave_batch.bench.bench_questions import questions_by_prompt
from qwave_batch.bench.benchmark import Benchmark, Squares, find_benchmark
from qwave_batch.bench.given_files import GivenFiles
from qwave_batch.bench.import_notes import ImportNote, ImportNoteKind
from qwave_batch.bench.part_choice import FoundPart, choose_parts
from qwave_batch.bench.spec_text import SpecFacts, spec_text, table_line
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.files.tree import SHARED_MODE, Tree
from qwave_batch.folder.storage import is_taken, storage_errors, write_atomic
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import NextStep
from qwave_batch.model.problem import Problem

_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchImportRequest:
    """The import of a benchmark."""

    benchmark: str
    """Its name."""
    files: Sequence[Path]
    """A checkout of its repository, a folder, or the files themselves."""
    out: Path
    """The spec to write; the table and the input images lie beside it, under the spec's name."""
    models: Sequence[str] = ()
    """Without any, the cheapest that fits is taken."""
    parts: Sequence[str] = ()
    """Parts of the benchmark; without any, all that one scorer reads together."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """By our name of a column: its name in the files, where that is not the one that is known."""
    first_seed: int = 0
    catalog: str = ""
    """The date of the catalog that the spec names; without one, the newest."""
    overwrites: bool = False
    """Whether files of the same names, with other content, are replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchImportReport:
    """The result of an import."""

    benchmark: Benchmark
    spec: Path
    table: Path
    license: str | None
    """As it was looked up, or else as a license file among the user's files begins; None if neither says it."""
    models: tuple[str, ...]
    parts: Mapping[str, int]
    """How many prompts each part has; one with an empty name for a benchmark without parts."""
    input_images: int
    notes: tuple[ImportNote, ...]

    @property
    def prompts(self) -> int:
        """How many prompts there are."""
        return sum(self.parts.values())

    def as_json(self) -> dict[str, Json]:
        """Return it for programs."""
        return {
            "benchmark": self.benchmark.name,
            "spec": str(self.spec),
            "table": str(self.table),
            "license": self.license,
            "repository": self.benchmark.repository,
            "models": list(self.models),
            "prompts": self.prompts,
            "parts": {name: count for name, count in self.parts.items() if name},
            "images": self.benchmark.images,
            "input_images": self.input_images,
            "notes": [note.as_json() for note in self.notes],
        }


def import_benchmark(request: BenchImportRequest, *, catalogs: CatalogSource = SHIPPED) -> BenchImportReport:
    """Write a spec that makes a benchmark's images as its scorer wants them, all of it or nothing.

    Args:
        request: The import.
        catalogs: The catalogs to look in.

    Raises:
        UnknownName: There is no such benchmark, part, column, catalog or model.
        UsageError: The files are not the benchmark's, a model does not do what it asks for, or something else has the
            name of a file that would be written.
        SpecError: Files are broken; all problems are listed with their places.
        StorageError: The disk refuses.
    """
    benchmark = find_benchmark(request.benchmark)
    if request.out.suffix not in _ENDINGS:
        raise UsageError(f"{request.out} does not end in .yaml, as a spec does")
    if not _is_utf8(request.out.name):
        raise UsageError(f"{request.out!a} is not UTF-8, and the spec names its table by it; name another file")
    catalog = catalogs.at(request.catalog or catalogs.newest())
    models = choose_models(catalog, benchmark, request.models)
    given = GivenFiles.look(request.files)
    parts, notes = choose_parts(benchmark, given, request.parts)
    questions, lost = _questions(benchmark, given)
    prompts = read_prompts(benchmark, parts, questions=questions, columns=request.columns)
    if not prompts:
        raise UsageError(f"{', '.join(str(file) for part in parts for file in part.files)} has no prompts")
    files = _OutFiles(request=request, benchmark=benchmark, prompts=prompts, given=given)
    license_ = benchmark.license or given.license_line()
    facts = SpecFacts(
        benchmark=benchmark,
        name="-".join([benchmark.name, *(dict.fromkeys(request.parts) or _apart(benchmark, parts))]),
        prompts=prompts,
        license=license_ or "see the repository",
        catalog=catalog.date,
        models=models,
        table=files.table.name,
        first_seed=request.first_seed,
        image_field=input_image_field(catalog),
    )
    images = files.write(spec_text(facts))
    more = [] if request.models else [ImportNote(kind=ImportNoteKind.CHOSEN_MODEL, about=models[0])]
    if benchmark.squares is Squares.NEEDED:
        without = models_without_shapes(catalog, models)
        more += [ImportNote(kind=ImportNoteKind.NO_SQUARES, about=model) for model in without]
    return BenchImportReport(
        benchmark=benchmark,
        spec=request.out,
        table=files.table,
        license=license_,
        models=models,
        parts=Counter(prompt.part for prompt in prompts),
        input_images=images,
        notes=(*notes, *lost, *_counts(parts, prompts), *_equal(benchmark, prompts), *more),
    )


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _apart(benchmark: Benchmark, parts: Sequence[FoundPart]) -> tuple[str, ...]:
    """Return what tells these parts from those that are imported by themselves; nothing for the first of them."""
    together = parts[0].part.apart
    return () if together == benchmark.parts[0].apart else (together,)


def _questions(benchmark: Benchmark, given: GivenFiles) -> tuple[Questions | None, tuple[ImportNote, ...]]:
    """Return the questions of a table of their own, or a note that it is not there."""
    source = benchmark.questions
    if source is None or not source.files:
        return None, ()
    files = given.fitting(source.files, is_only=False)
    if not files:
        return None, (ImportNote(kind=ImportNoteKind.NO_QUESTIONS, about=source.files[0]),)
    return questions_by_prompt(source, files[:1]), ()


def _counts(parts: Sequence[FoundPart], prompts: Sequence[BenchPrompt]) -> Iterator[ImportNote]:
    found = Counter(prompt.part for prompt in prompts)
    for each in parts:
        part = each.part
        if part.rows and found[part.name] not in part.rows:
            yield ImportNote(
                kind=ImportNoteKind.OTHER_COUNT, about=part.name, found=found[part.name], expected=part.rows
            )


def _equal(benchmark: Benchmark, prompts: Sequence[BenchPrompt]) -> Iterator[ImportNote]:
    equal = len(prompts) - len({prompt.prompt for prompt in prompts})
    if equal and benchmark.image is None:
        yield ImportNote(kind=ImportNoteKind.EQUAL_PROMPTS, found=equal)


@dataclass(slots=True, kw_only=True)
class _OutFiles:
    request: BenchImportRequest
    benchmark: Benchmark
    prompts: Sequence[BenchPrompt]
    given: GivenFiles

    @property
    def table(self) -> Path:
        """The table's file."""
        return self.request.out.with_suffix(".prompts.jsonl")

    @property
    def _folder(self) -> str:
        return f"{self.request.out.stem}.inputs"

    def write(self, spec: str) -> int:
        """Write the input images, the table and the spec, in this order; return the number of different images."""
        names: dict[str, list[str]] = {}
        whole: set[str] = set()
        for prompt, images in self._images(whole):
            names[prompt.id] = [f"{self._folder}/{image.name}" for image in images]
        table = b"".join(self._encoded(names))
        contents = {self.table: table, self.request.out: spec.encode()}
        self._check_free(contents)
        tree = Tree(self.request.out.parent)
        with storage_errors(tree.root):
            tree.make_folder()
        written: set[str] = set()
        for _, images in self._images(whole):
            for image in images:
                if image.name not in written:
                    write_atomic(tree, f"{self._folder}/{image.name}", image.content)
                    written.add(image.name)
        for file, content in contents.items():
            write_atomic(tree, file.name, content, mode=SHARED_MODE)
        return len(written)

    def _images(self, known: set[str]) -> Iterator[tuple[BenchPrompt, tuple[BenchImage, ...]]]:
        renamed = self.request.columns
        return read_images(self.benchmark, self.prompts, self.given, renamed=renamed, known=known)

    def _encoded(self, images: Mapping[str, Sequence[str]]) -> Iterator[bytes]:
        for position, prompt in enumerate(self.prompts):
            try:
                # the images of a prompt take the seeds from there on, so no two images of a model share one
                yield table_line(prompt, seed=position * self.benchmark.images, images=images.get(prompt.id))
            except (TypeError, ValueError):
                message = f"row {prompt.row.number} holds a number or a character that JSON in UTF-8 does not have"
                raise SpecError([Problem(message=message, place=prompt.row.place)]) from None

    def _check_free(self, contents: Mapping[Path, bytes]) -> None:
        """Refuse names that something else has, unless it is to be replaced."""
        if self.request.overwrites:
            return
        for file, content in contents.items():
            with storage_errors(file, doing="look at"):
                is_other = is_taken(Tree(file.parent), file.name, content)
            if is_other:
                raise UsageError(
                    f"{file} is there already, and nothing was written; name another file",
                    next_steps=[NextStep.REPLACE_FILES],
                )
