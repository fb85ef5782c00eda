"""Finds the catalogs of a user in a folder, and reads them as strictly as what comes from a stranger."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_data import CatalogData
from qwave_batch.catalog.catalog_files import CATALOG_FILE, catalog_dates, catalog_of, schema_file
from qwave_batch.catalog.catalog_source import CatalogSource
from qwave_batch.catalog.model_schema import model_schema
from qwave_batch.catalog_reading.entry_check import entry_problems, model_schema_problem
from qwave_batch.catalog_reading.metaschema import form_problems, plain_copy, problem_at
from qwave_batch.catalog_reading.request_schema_check import vendor_file_problems
from qwave_batch.errors import SpecError, UsageError, nearest
from qwave_batch.files.regular_files import NotRegular, open_regular, read_regular, system_reason
from qwave_batch.model.problem import Problem, SourcePlace, first_problems
from qwave_batch.spec.layers import Layer
from qwave_batch.spec.overlay_text import MOST_CATALOG_BYTES, read_yaml_or_json
from qwave_batch.spec.yaml.source_map import SourceMap

_MOST_CATALOGS = 1_000
_TOO_LARGE_HINT = "a catalog has its models, and no more"


def find_catalogs(folder: Path) -> CatalogSource:
    """Return the catalogs of a folder beside those that ship: its own, or those in the folders below it.

    Raises:
        UsageError: There is none, or one has the date of a catalog that ships, or of another one there.
        SpecError: One of them has problems; all are listed.
    """
    places = _places(folder)
    if not places:
        raise UsageError(
            f"{folder} has no catalog: there is neither {CATALOG_FILE} nor a folder with one, such as "
            f"{folder}/2026-11/{CATALOG_FILE}"
        )
    found: dict[str, tuple[Path, Catalog]] = {}
    for place in places:
        catalog = read_user_catalog(place)
        if catalog.date in catalog_dates():
            raise UsageError(
                f"{place / CATALOG_FILE} is a catalog of {catalog.date}, and one of that date ships with the program; "
                f'give it another name, such as catalog: "{catalog.date}.mine"'
            )
        if catalog.date in found:
            raise UsageError(f"{found[catalog.date][0]} and {place} are both catalogs of {catalog.date}")
        found[catalog.date] = place, catalog
    return CatalogSource(added={date: catalog for date, (_, catalog) in found.items()})


def _places(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder, so it has no catalogs")
    if (folder / CATALOG_FILE).exists():
        return [folder]
    try:
        below = sorted(Path(entry.path) for entry in os.scandir(folder) if entry.is_dir())
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {system_reason(error)}") from error
    places = [place for place in below if (place / CATALOG_FILE).exists()]
    if len(places) > _MOST_CATALOGS:
        raise UsageError(f"{folder} has {len(places):,} catalogs; at most {_MOST_CATALOGS:,} are read")
    return places


def read_user_catalog(folder: Path) -> Catalog:
    """Return the catalog in a folder.

    Raises:
        SpecError: It has problems; all are listed.
        UsageError: A file cannot be read.
    """
    layer = _layer(folder / CATALOG_FILE)
    problems = form_problems(layer, "catalog")
    if problems:
        raise SpecError(problems)
    listing = cast("Mapping[str, Any]", plain_copy(layer.value))
    schemas, problems = _vendor_schemas(folder, listing, SourceMap(layer.mark))
    problems = problems or first_problems(_model_problems(listing, schemas, SourceMap(layer.mark)))
    if problems:
        raise SpecError(sorted(problems, key=lambda problem: problem.place or SourcePlace("")))
    try:
        return catalog_of(CatalogData(listing=listing, vendor_schemas=schemas))
    except ValueError as error:  # such as a unit of money in which sums would not be exact
        raise SpecError([problem_at(SourceMap(layer.mark), ("money",), str(error))]) from error


def _layer(file: Path) -> Layer:
    try:
        with open_regular(file, follows_link=True) as opened:
            data = read_regular(opened, shown_as=str(file), most_bytes=MOST_CATALOG_BYTES)
    except (NotRegular, OSError) as error:
        reason = str(error) if isinstance(error, NotRegular) else f"{file} {_reason(error)}"
        raise UsageError(reason) from error
    return read_yaml_or_json(data, str(file), _TOO_LARGE_HINT)


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    return f"cannot be read: {system_reason(error)}"


def _vendor_schemas(
    folder: Path, listing: Mapping[str, Any], source_map: SourceMap
) -> tuple[dict[str, Mapping[str, Any]], list[Problem]]:
    """Return the schema file of each vendor, and what is wrong with them."""
    schemas: dict[str, Mapping[str, Any]] = {}
    problems: list[Problem] = []
    vendors = {entry["vendor"]: name for name, entry in reversed(listing["models"].items())}
    for vendor, model in reversed(vendors.items()):
        try:
            layer = _layer(folder / schema_file(vendor))
        except SpecError as error:
            problems += error.problems
            continue
        except UsageError as error:
            known = [file.name.removesuffix(".schema.json") for file in folder.glob("*.schema.json")]
            guess = nearest(vendor, known)
            hint = f'did you mean "{guess}"?' if guess else None
            problems.append(problem_at(source_map, ("models", model, "vendor"), str(error), hint, value=vendor))
            continue
        found = first_problems(vendor_file_problems(layer))
        problems += found
        if not found:
            schemas[vendor] = cast("Mapping[str, Any]", plain_copy(layer.value))
    return schemas, problems


def _model_problems(
    listing: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]], source_map: SourceMap
) -> Iterator[Problem]:
    for name, entry in listing["models"].items():
        schema = schemas[entry["vendor"]]
        problem = model_schema_problem(schema, name)
        if problem:
            guess = nearest(name, schema["$defs"])
            hint = f'its file describes "{guess}"' if guess and guess != name else None
            yield problem_at(source_map, ("models", name), problem, hint, value=name)
            continue
        fields = model_schema(schema, name)["properties"]
        yield from entry_problems(entry, fields, ("models", name), source_map)
