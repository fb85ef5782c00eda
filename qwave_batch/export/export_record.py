"""The record that an export keeps in its folder, asked for the run's file that an exported one was made of."""

import json
import re
from contextlib import closing
from pathlib import Path

from qwave_batch import lazy
from qwave_batch.export.out_state import STATE

_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")


def recorded_source(file: Path, sha256: str) -> str | None:
    """Return the hash of the run's own file; None without a record, or for a file that is not as it was exported.

    Args:
        file: An exported file, still in the folder of the export.
        sha256: Its hash now.
    """
    whole = file.resolve()
    for folder in whole.parents:
        if (folder / STATE).is_file():
            return _made_of(folder / STATE, whole.relative_to(folder).as_posix(), sha256)
    return None


def _made_of(state: Path, path: str, sha256: str) -> str | None:
    sqlite3 = lazy.sqlite3
    try:
        with closing(sqlite3.connect(f"{state.as_uri()}?mode=ro", uri=True, timeout=0)) as database:
            found = database.execute("SELECT key, image FROM files WHERE path = ?", (path,)).fetchone()
        if found is None or json.loads(found[1])["sha256"] != sha256:
            return None
        made_of = _SHA256.search(found[0])
    except (sqlite3.Error, ValueError, TypeError, KeyError, RecursionError):  # at work, damaged, or of another version
        return None
    return made_of[0] if made_of else None
