"""The page of an exported dataset, README.md: its head tells loaders where the splits are, its text the origin."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from qwave_batch.export.author_card import OTHER_LICENSE, AuthorCard
from qwave_batch.export.column_meanings import meaning_of
from qwave_batch.export.content_mark import content_mark
from qwave_batch.export.dataset_facts import DatasetFacts, SplitFacts
from qwave_batch.export.origin import Origin, SourceRun
from qwave_batch.model.jsontypes import Json

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
          (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"), (1_000_000_000, "100M<n<1B"))  # fmt: skip
_LARGEST = "n>1B"
_MOST_CELL = 120
SIMULATOR = "simulator"
"""The backend of runs that no model took part in."""


def dataset_card(facts: DatasetFacts, origin: Origin, card: AuthorCard) -> str:
    """Return the text of README.md."""
    parts = [
        f"---\n{_yaml(_head(facts, origin, card))}---\n",
        f"# {_line(dataset_title(origin, card))}\n",
        *([f"{card.description}\n"] if card.description else []),
        *_contents(facts, origin),
        *_origin(origin),
        *_columns(facts),
        *_author(card),
    ]
    return "\n".join(parts)


def dataset_title(origin: Origin, card: AuthorCard) -> str:
    """Return the author's title of a dataset, else the names of its specs."""
    names = dict.fromkeys(source.name or source.folder for source in origin.sources)
    return card.pretty_name or ", ".join(names)


def size_category(rows: int) -> str:
    """Return the Hub's name for a number of rows."""
    return next((name for most, name in _SIZES if rows < most), _LARGEST)


def _head(facts: DatasetFacts, origin: Origin, card: AuthorCard) -> dict[str, Any]:
    tasks = ["text-to-image", *(["image-to-image"] if facts.has_inputs else [])]
    is_simulated = any(source.backend == SIMULATOR for source in origin.sources)
    tags = dict.fromkeys(["synthetic", "qwave-batch", *(["simulated"] if is_simulated else []), *card.tags])
    head: dict[str, Any] = {
        "pretty_name": dataset_title(origin, card),
        "license": card.license,
        "license_name": card.license_name,
        "license_link": card.license_link,
        "language": list(card.language),
        "task_categories": list(card.task_categories) or tasks,
        "tags": list(tags),
        "size_categories": [size_category(facts.rows)],
        "configs": [
            {
                "config_name": "default",
                "description": content_mark(split.sha256 for split in facts.splits),
                "data_files": _data_files(facts),
            }
        ],
    }
    return {key: value for key, value in head.items() if value}


def _data_files(facts: DatasetFacts) -> list[dict[str, Any]]:
    """Return the files of each split.

    A loader takes the format of a split from most of its files, and all splits must have the same: one that has no
    image of its own lists one of another split, which no row of it names.
    """
    lender = next((split.name for split in facts.splits if split.images), "")
    files: list[dict[str, Any]] = []
    for split in facts.splits:
        own = f"data/{split.name}/**"
        is_lent = bool(lender) and not split.images
        files.append({"split": split.name, "path": [own, f"data/{lender}/images/000/*"] if is_lent else own})
    return files


def _contents(facts: DatasetFacts, origin: Origin) -> Iterator[str]:
    yield f"{facts.images:,} images in {facts.rows:,} rows, made by generative models from {facts.made_from}.\n"
    if any(source.backend == SIMULATOR for source in origin.sources):
        yield "**Simulated:** some or all of these images were drawn by a simulator of the API, and by no model.\n"
    yield _table(("split", "rows", "images"), [_split_cells(split) for split in facts.splits])
    if facts.models:
        yield _table(("model", "rows"), [(_code(model), f"{rows:,}") for model, rows in facts.models.items()])


def _split_cells(split: SplitFacts) -> tuple[str, ...]:
    return _code(split.name), f"{split.rows:,}", f"{split.images:,}"


def _origin(origin: Origin) -> Iterator[str]:
    yield "## Origin\n"
    program = f"qwave-batch {origin.version}" if origin.version else "qwave-batch"
    yield f"Exported by {program} from these run folders, in this order:\n"
    heads = ("folder", "spec", "SHA-256 of the spec", "catalog", "API", "begun", "ended", "program")
    yield _table(heads, [_source_cells(source) for source in origin.sources])
    if origin.options:
        yield "Asked for:\n"
        yield _table(
            ("option", "value"), [(_code(name), _code(_said(value))) for name, value in origin.options.items()]
        )


def _source_cells(source: SourceRun) -> tuple[str, ...]:
    told = source.summary
    versions = told.get("versions")
    program = versions.get("qwave-batch") if isinstance(versions, Mapping) else None
    return (
        _code(source.folder),
        _code(source.name),
        _code(told.get("spec_sha256")),
        _catalog_cell(told),
        _cell(source.backend),
        _cell(told.get("started_at")),
        _cell(told.get("ended_at")),
        _cell(program),
    )


def _catalog_cell(told: Mapping[str, Json]) -> str:
    overlay = told.get("overlay")
    name = overlay.get("name") if isinstance(overlay, Mapping) else None
    return f"{_cell(told.get('catalog'))} with {_code(name)}" if name else _cell(told.get("catalog"))


def _columns(facts: DatasetFacts) -> Iterator[str]:
    yield "## Columns\n"
    cells = [(_code(column.name), column.kind.value, _cell(meaning_of(column.name))) for column in facts.columns]
    yield _table(("column", "type", "meaning"), cells)


def _author(card: AuthorCard) -> Iterator[str]:
    if card.rai:
        yield "## Use and limits\n"
        for name, texts in card.rai.items():
            yield f"### {name}\n"
            yield from (f"{text}\n" for text in texts)
    if card.creators:
        yield "## Creators\n"
        yield (
            "\n".join(
                f"- {_line(creator.name)}{f', {creator.url}' if creator.url else ''}" for creator in card.creators
            )
            + "\n"
        )
    if card.citation:
        fence = "`" * max(3, _longest_run(card.citation, "`") + 1)
        yield f"## Citation\n\n{fence}bibtex\n{card.citation}\n{fence}\n"
    if card.license == OTHER_LICENSE and not card.license_name:
        yield "## License\n\nThe author has stated none.\n"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _cell(value: Json) -> str:
    """Return a value as the text of a table's cell, on one line, that no character of it breaks."""
    return _line("" if value is None else str(value)).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _code(value: Json) -> str:
    """Return a value as code in a table's cell; a table ends its cells at pipes in code, too."""
    text = _line("" if value is None else str(value)).replace("|", "\\|")
    if not text:
        return ""
    fence = "`" * (_longest_run(text, "`") + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _said(value: Json) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else "yes" if value is True else str(value)


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_CELL else f"{line[: _MOST_CELL - 1]}…"


def _longest_run(text: str, sign: str) -> int:
    longest = 0
    while sign * (longest + 1) in text:
        longest += 1
    return longest


def _yaml(head: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(head), allow_unicode=True, sort_keys=False, width=1_000)
    return text
