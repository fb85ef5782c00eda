"""The selected rows of an export in a temporary database: one consistent look at folders that may be live.

It may be read as often as a format needs, and memory does not grow with the number of rows.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from qwave_batch import lazy
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.folder.storage import database_errors, storage_errors
from qwave_batch.output.manifest_line import encode_line, line_from_json
from qwave_batch.voting.image_picks import PickedImage
from qwave_batch.voting.vote_lines import PickVerdict

if TYPE_CHECKING:
    import sqlite3

_DOING = "write temporary files in"
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE rows (
    row INTEGER PRIMARY KEY, folder INTEGER, image INTEGER, split TEXT, job_id TEXT, sha256 TEXT, model TEXT,
    prompt_id TEXT, text BLOB, line BLOB, verdict TEXT, rating REAL,
    scores TEXT
);
CREATE TABLE prompts (prompt_id TEXT, text BLOB, label TEXT, PRIMARY KEY (prompt_id, text)) WITHOUT ROWID;
CREATE INDEX prompts_by_text ON prompts (text);
CREATE TABLE parents (folder INTEGER, parent TEXT, prompt_id TEXT, text BLOB, UNIQUE (folder, parent, prompt_id, text));
"""


@dataclass(frozen=True, slots=True)
class SplitConflict:
    """A prompt whose rows lie in two splits."""

    prompt_id: str
    splits: tuple[str, ...]


class RowSpool:
    """The rows of one export; it belongs to one thread."""

    def __init__(self, database: "sqlite3.Connection", runs: Sequence[str], *, is_merged: bool) -> None:
        self._database, self._runs = database, tuple(runs)
        database.executescript(_SCHEMA)
        database.execute("BEGIN")  # for good: one transaction for all rows, of a database that is thrown away
        if is_merged:
            database.execute("CREATE UNIQUE INDEX same ON rows (job_id, image, sha256)")

    def add(self, row: ExportRow) -> bool:
        """Append a row; return False for an image that another folder has brought, of the same job and bytes."""
        text = sha256(row.line.prompt.encode("utf-8", "surrogatepass")).digest()
        prompt_id = _stored(row.line.prompt_id)
        added = self._database.execute(
            "INSERT OR IGNORE INTO rows "
            "(folder, image, split, job_id, sha256, model, prompt_id, text, line, verdict, rating, scores) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.folder,
                -1 if row.image_index is None else row.image_index,
                row.split,
                row.line.job_id,
                "" if row.image is None else row.image.sha256,
                row.line.model,
                prompt_id,
                text,
                encode_line(row.line),
                row.picked.verdict,
                row.picked.rating,
                json.dumps(dict(row.scores)) if row.scores else None,
            ),
        )
        self._database.executemany(
            "INSERT OR IGNORE INTO parents (folder, parent, prompt_id, text) VALUES (?, ?, ?, ?)",
            ((row.folder, link.job_id, prompt_id, text) for link in row.line.parents),
        )
        ids = {prompt_id, *(_stored(duplicate.prompt_id) for duplicate in row.line.also)}
        self._database.executemany(
            "INSERT OR IGNORE INTO prompts (prompt_id, text, label) VALUES (?, ?, ?)", ((id_, text, id_) for id_ in ids)
        )
        return added.rowcount == 1

    def rows(self, split: str | None = None) -> Iterator[ExportRow]:
        """Yield the rows of a split, or all, in the order of the folders and their plans."""
        query = "SELECT folder, image, split, line, verdict, rating, scores FROM rows"
        found = (
            self._database.execute(f"{query} ORDER BY row")
            if split is None
            else self._database.execute(f"{query} WHERE split = ? ORDER BY row", (split,))
        )
        for folder, image, its_split, line, verdict, rating, scores in found:
            parsed = line_from_json(json.loads(line))
            yield ExportRow(
                folder=folder,
                run=self._runs[folder],
                line=parsed,
                image=None if image < 0 else parsed.images[image],
                image_index=None if image < 0 else image,
                split=its_split,
                picked=PickedImage(None if verdict is None else PickVerdict(verdict), rating),
                scores={} if scores is None else json.loads(scores),
            )

    def counts(self) -> dict[str, int]:
        """Return the number of rows by split."""
        return dict(self._database.execute("SELECT split, count(*) FROM rows GROUP BY split"))

    def models(self) -> list[str]:
        """Return the models of the rows, by name."""
        return [model for (model,) in self._database.execute("SELECT DISTINCT model FROM rows ORDER BY model")]

    def group_prompts(self) -> None:
        """Find the prompts that belong together; needed for the calls below.

        They share an id or a text, or an image that was made of one was made from an image of the other.
        """
        spreading = [_SPREAD.format(by=by) for by in ("text", "prompt_id")]
        if self._database.execute("SELECT 1 FROM parents LIMIT 1").fetchone():
            self._database.execute("CREATE INDEX rows_by_job ON rows (job_id)")
            self._database.execute(_KIN)
            self._database.execute("CREATE INDEX kin_by_prompt ON kin (prompt_id, text)")
            spreading.append(_SPREAD_TO_KIN)
        moved = 1
        while moved:  # the smallest id of a group spreads over it, one step each time
            moved = sum(self._database.execute(step).rowcount for step in spreading)

    def prompts(self) -> list[str]:
        """Return the name of each prompt: the smallest id of its group."""
        return [label for (label,) in self._database.execute("SELECT DISTINCT label FROM prompts ORDER BY label")]

    def assign(self, splits: Mapping[str, str]) -> None:
        """Set the split of all rows, by the name of their prompt."""
        self._database.execute("CREATE TEMP TABLE dealt (label TEXT PRIMARY KEY, split TEXT) WITHOUT ROWID")
        self._database.executemany("INSERT INTO dealt VALUES (?, ?)", splits.items())
        self._database.execute(
            "UPDATE rows SET split = (SELECT dealt.split FROM prompts JOIN dealt USING (label) "
            "WHERE prompts.prompt_id = rows.prompt_id AND prompts.text = rows.text)"
        )

    def conflict(self) -> SplitConflict | None:
        """Return a prompt that lies in several splits; None if none does."""
        found = self._database.execute(
            "SELECT label, group_concat(DISTINCT split) FROM rows JOIN prompts USING (prompt_id, text) "
            "GROUP BY label HAVING count(DISTINCT split) > 1 ORDER BY label LIMIT 1"
        ).fetchone()
        return None if found is None else SplitConflict(found[0], tuple(sorted(found[1].split(","))))


def _stored(prompt_id: str) -> str:
    return prompt_id.encode("utf-8", "replace").decode()


_SPREAD = """
UPDATE prompts SET label = (SELECT min(label) FROM prompts AS other WHERE other.{by} = prompts.{by})
WHERE label > (SELECT min(label) FROM prompts AS other WHERE other.{by} = prompts.{by})
"""
_KIN = """
CREATE TEMP TABLE kin AS
WITH pairs AS (
    SELECT DISTINCT parents.prompt_id, parents.text, rows.prompt_id AS other_id, rows.text AS other_text
    FROM parents JOIN rows ON rows.job_id = parents.parent AND rows.folder = parents.folder
    WHERE rows.prompt_id <> parents.prompt_id AND rows.text <> parents.text
)
SELECT * FROM pairs UNION SELECT other_id, other_text, prompt_id, text FROM pairs
"""
_OF_KIN = """
(SELECT min(other.label)
 FROM kin JOIN prompts AS other ON other.prompt_id = kin.other_id AND other.text = kin.other_text
 WHERE kin.prompt_id = prompts.prompt_id AND kin.text = prompts.text)
"""
_SPREAD_TO_KIN = f"UPDATE prompts SET label = {_OF_KIN} WHERE label > {_OF_KIN}"  # noqa: S608 - constants


@contextmanager
def row_spool(runs: Sequence[str]) -> Iterator[RowSpool]:
    """Yield an empty spool, which is gone at the end of the block.

    Args:
        runs: The names of the folders.

    Raises:
        StorageError: there is no room for temporary files.
    """
    place = Path(tempfile.gettempdir())
    with database_errors(place, _DOING), closing(_connect(place)) as database:
        yield RowSpool(database, runs, is_merged=len(runs) > 1)


def _connect(place: Path) -> "sqlite3.Connection":
    """Return a new database in a file without a name, so that nothing is left of it however the process ends."""
    with storage_errors(place, _DOING), tempfile.TemporaryDirectory(prefix="qwave-export-") as folder:
        database = lazy.sqlite3.connect(f"{folder}/rows.sqlite", isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode = OFF")  # a journal would need the name
            database.execute("PRAGMA user_version = 1")  # opens the file, before its name goes with its folder
        except BaseException:
            database.close()
            raise
        return database
