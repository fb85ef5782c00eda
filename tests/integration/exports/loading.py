"""Loads exports as their users do: with Hugging Face's libraries, Croissant's, and tools for tables."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

from qwave_batch.cli.main import main

Splits = dict[str, list[dict[str, Any]]]


def call(*argv: object) -> tuple[int, str, str]:
    """The exit status of a command, with what it printed and what it said."""
    stdout, stderr = StringIO(), StringIO()
    status = main([str(argument) for argument in argv], stdout, stderr, environ={"COLUMNS": "300"})
    return status, stdout.getvalue(), stderr.getvalue()


def exported(form: str, out: Path, *argv: object) -> str:
    """Export, and return what was said; the arguments begin with the run folders."""
    status, _, talk = call("export", *argv, "--to", form, out)
    assert status == 0, talk
    return talk


def library(name: str) -> Any:
    """A library that is imported only now: these are slow, and few workers need them."""
    return import_module(name)


@contextmanager
def quiet() -> Iterator[None]:
    """Ignore the warnings of other people's libraries about themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def loaded(folder: Path, *argv: Any, **options: Any) -> Any:
    """A folder as ``datasets.load_dataset`` loads it."""
    with quiet(), tempfile.TemporaryDirectory() as cache:
        datasets = library("datasets")
        datasets.disable_progress_bars()
        return datasets.load_dataset(*(argv or (str(folder),)), cache_dir=cache, keep_in_memory=True, **options)


def rows_of(dataset: Any) -> Splits:
    """The rows of each split."""
    with quiet():
        return {name: list(split) for name, split in dataset.items()}


def records(folder: Path, record_set: str) -> Iterator[dict[str, Any]]:
    """The records of a record set, with text as text."""
    return (_plain(record) for record in _croissant(folder).records(record_set))


def records_of(folder: Path) -> Splits:
    """The records of each record set."""
    with quiet():
        names = [record_set.uuid for record_set in _croissant(folder).metadata.record_sets]
        return {name: list(records(folder, name)) for name in names}


def _croissant(folder: Path) -> Any:
    return library("mlcroissant").Dataset(folder / "croissant.json")


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return value.decode()
        case list():
            return [_plain(each) for each in value]
        case dict():
            return {key.rpartition("/")[2]: _plain(each) for key, each in value.items()}
    return value
