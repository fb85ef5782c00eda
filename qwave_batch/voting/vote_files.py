"""Files of votes and picks as people send them: read strictly, and every mistake is named with its line."""

import codecs
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from qwave_batch.errors import SpecError, UsageError
from qwave_batch.files.regular_files import NotRegular, open_regular, system_reason
from qwave_batch.model.codec import DecodeError
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.model.strict_json import STRICT_JSON
from qwave_batch.voting.vote_lines import VotingLine, voting_line_from_json

_MOST_LINE_BYTES = 64 * 1024
_MOST_FILE_BYTES = 64 << 20
MOST_FAULTS = 1_000
"""Mistakes that are told apart; after that the rest is not read."""


class BrokenVotes(SpecError):
    """Files of votes and picks that are not right; all mistakes are listed, and nothing was imported."""


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A vote or a pick with its place."""

    place: SourcePlace
    line: VotingLine


def read_voting_file(path: Path) -> Iterator[PlacedLine | Problem]:
    """Yield every vote and pick of a file in order, and a problem in place of each line that is not one.

    Raises:
        UsageError: it is not there, is not a regular file, or is larger than any file of votes.
    """
    shown_as = str(path)
    try:
        with open_regular(path, follows_link=True) as file:
            size_bytes = os.fstat(file.fileno()).st_size
            if size_bytes > _MOST_FILE_BYTES:
                raise NotRegular(shown_as, f"is too large: {size_bytes:,} bytes, at most {_MOST_FILE_BYTES:,} are read")
            yield from read_voting_lines(file, shown_as)
    except OSError as error:
        raise UsageError(f"{shown_as} can't be read: {system_reason(error)}") from error


def read_voting_lines(file: BinaryIO, shown_as: str) -> Iterator[PlacedLine | Problem]:
    """Yield the votes and picks of an open file; the file ends where a line is not text."""
    number = 0
    while raw := file.readline(_MOST_LINE_BYTES + 1):
        number += 1
        place = SourcePlace(shown_as, number)
        if len(raw) > _MOST_LINE_BYTES:
            yield Problem(message=f"the line is longer than {_MOST_LINE_BYTES:,} bytes: not a vote", place=place)
            return
        raw = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            yield Problem(message="it is not text in UTF-8: not a file of votes", place=place)
            return
        if text.strip(_BLANKS):
            yield _read(text.strip(_BLANKS), place)


def _read(text: str, place: SourcePlace) -> PlacedLine | Problem:
    try:
        return PlacedLine(place, voting_line_from_json(STRICT_JSON.decode(text)))
    except json.JSONDecodeError as error:
        place = SourcePlace(place.file, place.line, error.colno)
        return Problem(message=f"it is not JSON: {error.msg[:1].lower()}{error.msg[1:]}", place=place)
    except DecodeError as error:
        return Problem(message=str(error), place=place)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        return Problem(message=f"it is not JSON that can be read: {reason}", place=place)


_BLANKS = " \t\r\n"
