"""A ledger that a stranger made or a disk has spoiled: each command refuses it in a sentence, and leaves it alone."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.cli.main import main
from qwave_batch.simulator.image_drawing import ImageDesign

SPEC = """\
version: 1
name: cloned
catalog: "2026-05"
request: {model: z-image-turbo, resolution: 1K}
prompts: [a lantern, a kite]
matrix: {seed: [1, 2]}
"""
COMMANDS = ("status", "verify", "prune", "refetch", "cancel", "run", "run --reuse", "plan --against")


@dataclass(frozen=True, slots=True)
class Scene:
    """A finished run folder and its spec."""

    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "cloned"

    @property
    def ledger(self) -> Path:
        return self.folder / ".qwave" / "ledger.sqlite"

    def call(self, command: str, *more: str) -> tuple[int, str]:
        spec, folder = self.home / "spec.yaml", self.folder
        argv: list[object] = {
            "status": ["status", folder, "--json"],
            "verify": ["verify", folder],
            "prune": ["prune", folder, "--yes"],
            "refetch": ["refetch", folder, "--simulate"],
            "cancel": ["cancel", folder, "--simulate"],
            "run": ["run", spec, "-o", folder, "--simulate", "--yes", "--adopt"],
            "run --reuse": ["run", spec, "-o", self.home / "new", "--simulate", "--yes", "--reuse", folder],
            "plan --against": ["plan", spec, "--against", folder],
        }[command]
        stdout, stderr = StringIO(), StringIO()
        status = main([*map(str, argv), *more], stdout, stderr, environ={"COLUMNS": "4000"})
        said = stdout.getvalue() + stderr.getvalue()
        assert "this is a bug" not in said, said
        return status, said

    def change(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.ledger)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def rewrite_schema(self, old: str, new: str) -> None:
        self.change(
            "PRAGMA writable_schema = ON",
            f"UPDATE sqlite_master SET sql = replace(sql, '{old}', '{new}')",
        )

    def content(self) -> dict[str, bytes]:
        """Every file but SQLite's index of its log, which reading makes, and its log, which is empty then."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.name not in {"ledger.sqlite-shm", "ledger.sqlite-wal"}
        }

    def refuses(self, command: str, says: str = "is damaged") -> None:
        before = self.content()
        status, said = self.call(command)
        assert (status, says in said, "ledger.sqlite" in said) == (4, True, True), (command, status, said)
        after = self.content()
        assert after.keys() == before.keys(), command
        assert [name for name in after if after[name] != before[name] and name != ".qwave/lock"] == [], command


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made")
    (home / "spec.yaml").write_text(SPEC, encoding="utf-8")
    qb.run_batch_sync(home / "spec.yaml", connection=qb.Simulated(latency="0"), out_dir=home / "cloned")
    scene = Scene(home)
    scene.call("status")  # as a reader leaves it
    return home


@pytest.fixture
def scene(made: Path, tmp_path: Path) -> Scene:
    home = tmp_path / "home"
    shutil.copytree(made, home)
    return Scene(home)


FOREIGN_SCHEMAS: dict[str, tuple[str, ...]] = {
    "view": ("ALTER TABLE images RENAME TO x", "CREATE VIEW images AS SELECT * FROM x"),
    "view beside": ("CREATE VIEW v AS SELECT 1",),
    "trigger": (
        "CREATE TRIGGER t AFTER INSERT ON attempts BEGIN UPDATE attempts SET cost_nusd = 0, held_nusd = 0; END",
    ),
    "table": ("CREATE TABLE more (x)",),
    "index on an expression": ("CREATE INDEX i ON jobs (length(body))",),
    "generated column": ("ALTER TABLE attempts ADD COLUMN g AS (1)",),
    "column": ("ALTER TABLE jobs ADD COLUMN x",),
    "virtual table": ("CREATE VIRTUAL TABLE f USING fts5(x)",),
    "no table": ("DROP TABLE twins",),
    "no index": ("DROP INDEX images_by_path",),
    "statistics": ("ANALYZE",),
}


@pytest.mark.parametrize("schema", FOREIGN_SCHEMAS)
def test_a_schema_that_is_not_ours_is_refused(scene: Scene, schema: str) -> None:
    scene.change(*FOREIGN_SCHEMAS[schema])
    commands = COMMANDS if schema in {"view", "trigger"} else ("status", "run")
    for command in commands:
        scene.refuses(command)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("PRIMARY KEY (job_id, number)", "PRIMARY KEY (job_id, number) ON CONFLICT IGNORE"),
        ("job_id TEXT NOT NULL UNIQUE", "job_id TEXT NOT NULL UNIQUE ON CONFLICT IGNORE"),
        ("body TEXT NOT NULL", "body TEXT COLLATE NOCASE NOT NULL"),
        ("cost_nusd INTEGER NOT NULL DEFAULT 0", "cost_nusd INTEGER NOT NULL DEFAULT (-1000000000)"),
        ("cost_nusd INTEGER NOT NULL DEFAULT 0", "cost_nusd INTEGER NOT NULL DEFAULT 0 CHECK (length(zeroblob(9)))"),
    ],
)
def test_a_clause_that_acts_for_us_is_refused(scene: Scene, old: str, new: str) -> None:
    """Such as one that drops what a run records, so that it is paid again."""
    scene.rewrite_schema(old, new)
    for command in ("status", "run"):
        scene.refuses(command)


DAMAGES = (
    "UPDATE attempts SET cost_nusd = -1",
    "UPDATE attempts SET cost_nusd = -1000000000000 WHERE job_id = (SELECT min(job_id) FROM attempts)",
    "UPDATE attempts SET held_nusd = -5000000000",
    "UPDATE attempts SET doubt_nusd = -1",
    "UPDATE attempts SET hold_nusd = -1",
    "UPDATE attempts SET catalog_nusd = -1",
    "UPDATE identity SET pruned_nusd = -1000000000",
    "UPDATE identity SET pruned_held_nusd = -1",
    "UPDATE identity SET pruned_nusd = 9223372036854775807",
    "UPDATE attempts SET cost_nusd = 9223372036854775807",
    "UPDATE attempts SET cost_nusd = 0.5",
    "UPDATE attempts SET cost_nusd = 'free'",
    "UPDATE attempts SET cost_nusd = x'00'",
    "UPDATE attempts SET held_nusd = 9e999",
    "UPDATE attempts SET number = 0",
    "UPDATE attempts SET number = number + 0.5",
    "UPDATE attempts SET round = -1",
    "UPDATE attempts SET earlier_tasks = 'many'",
    "UPDATE attempts SET state = 'paid'",
    "UPDATE attempts SET state = x'73746f726564'",
    "UPDATE attempts SET key = ''",
    "UPDATE attempts SET task_id = 'a' || char(13) || char(10) || 'X: y'",
    "UPDATE attempts SET task_id = '../../x' || char(27)",
    "UPDATE attempts SET task_id = hex(zeroblob(5000000))",
    "UPDATE attempts SET task_id = NULL",
    "UPDATE attempts SET task_id = ''",
    "UPDATE attempts SET submitted_at = 9e999",
    "UPDATE attempts SET ended_at = -1e300",
    "UPDATE attempts SET first_sent_at = 'now'",
    "UPDATE attempts SET submitted_at = 9e11, ended_at = 9e11",
    "UPDATE attempts SET results = '[[\"' || hex(zeroblob(11000000)) || '\"]]'",
    "UPDATE attempts SET error = '\"' || hex(zeroblob(600000)) || '\"'",
    "UPDATE attempts SET error = printf('%.*c', 200000, '[') || printf('%.*c', 200000, ']')",
    "UPDATE attempts SET cost_from = 'me'",
    "UPDATE attempts SET results = 'x'",
    "UPDATE attempts SET error = '{'",
    "UPDATE attempts SET origin = x'7b7d'",
    "UPDATE attempts SET callback = '{\"a\": NaN}'",
    "UPDATE jobs SET job_id = '../../../../etc/x' WHERE row = 1",
    "UPDATE jobs SET job_id = '0123456789ABCDEF' WHERE row = 1",
    "UPDATE jobs SET position = -1 WHERE row = 1",
    "UPDATE jobs SET position = 'first' WHERE row = 1",
    "UPDATE jobs SET body = 'x'",
    "UPDATE jobs SET body = x'00'",
    "UPDATE images SET path = '../victim' WHERE job_id = (SELECT min(job_id) FROM images)",
    "UPDATE images SET path = '/etc/passwd' WHERE job_id = (SELECT min(job_id) FROM images)",
    "UPDATE images SET path = x'00' WHERE job_id = (SELECT min(job_id) FROM images)",
    "UPDATE images SET sha256 = 'short'",
    "UPDATE images SET size_bytes = -1",
    "INSERT INTO decisions SELECT 'x', NULL",
    "INSERT INTO decisions SELECT job_id, '{' FROM jobs",
    "UPDATE images SET width = 'wide'",
    "UPDATE images SET modified_ns = 0.5",
    "UPDATE images SET place = 0",
    "UPDATE identity SET created_at = 'once'",
    "UPDATE identity SET spec_name = x'00'",
    "INSERT INTO twins VALUES (-1, '0123456789abcdef', '{}')",
    "INSERT INTO twins VALUES (1, '0123456789abcdef', x'00')",
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_number_or_a_name_out_of_its_range_is_damage(scene: Scene, damage: str) -> None:
    scene.change(damage)
    commands = COMMANDS if damage == DAMAGES[0] else ("status", "run")
    for command in commands:
        scene.refuses(command)


def test_money_that_no_sum_can_hold_is_damage(scene: Scene) -> None:
    """Each row may be right, and all together more than SQLite can add."""
    with closing(sqlite3.connect(scene.ledger)) as connection:
        connection.executemany(
            "INSERT INTO attempts (job_id, number, round, state, key, held_nusd, cost_nusd) "
            "VALUES (printf('%016x', ?), 1, 0, 'failed', 'k', 0, 1000000000000000)",
            [(number,) for number in range(5000)],
        )
        connection.commit()
    for command in ("status", "run"):
        scene.refuses(command, "sums of money are out of range")


WRONG_JSON = (
    "UPDATE jobs SET body = '[]'",
    "UPDATE jobs SET body = '{}'",
    "UPDATE jobs SET body = json_set(body, '$.more', 1)",
    "UPDATE jobs SET body = json_set(body, '$.request', 'x')",
    "UPDATE jobs SET body = json_set(body, '$.estimated_nusd', -1)",
    "UPDATE jobs SET body = json_set(body, '$.estimated_nusd', 0.5)",
    "UPDATE jobs SET body = json_set(body, '$.max_images', 'all')",
    "UPDATE jobs SET body = json_set(body, '$.path', '../../x')",
    "UPDATE jobs SET body = json_set(body, '$.tags', json('[1]'))",
    "UPDATE jobs SET body = json_set(body, '$.skip', json('{\"code\": 1}'))",
    "UPDATE jobs SET body = json_set(body, '$.job_id', '0123456789abcdef')",
    "UPDATE attempts SET error = '{}'",
    'UPDATE attempts SET error = \'{"code": 1, "message": 2}\'',
    "UPDATE attempts SET results = '\"ab\"'",
    "UPDATE attempts SET results = '{\"ab\": 1}'",
    "UPDATE attempts SET results = '[[]]'",
    "UPDATE attempts SET results = '[[1]]'",
    "UPDATE attempts SET origin = '[]'",
    'UPDATE attempts SET origin = \'{"folder": "x", "folder_id": "y", "cost_usd": -1}\'',
    'UPDATE attempts SET origin = \'{"folder": 1, "folder_id": "y", "cost_usd": 1}\'',
    "UPDATE attempts SET callback = '[]'",
    "UPDATE attempts SET key = 'qwave' || char(13, 10) || 'X: y'",
)


@pytest.mark.parametrize("damage", WRONG_JSON)
def test_json_of_another_form_is_damage_where_it_is_read(scene: Scene, damage: str) -> None:
    scene.change(damage)
    before = scene.content()
    assert "is damaged" in scene.call("status")[1] + scene.call("verify")[1]
    for command in COMMANDS:
        status, said = scene.call(command)
        assert status in {0, 1, 4}, (command, said)  # a run puts the plan's own jobs in place of others
        if command == "run":
            break
        after = scene.content()
        assert [name for name in before if name != ".qwave/lock" and after.get(name) != before[name]] == [], command


STATES = (
    "CREATE VIEW v AS SELECT 1",
    "CREATE TRIGGER t AFTER INSERT ON tasks BEGIN DELETE FROM tasks; END",
    "UPDATE tasks SET hold_quota = -1",
    "UPDATE tasks SET price_quota = 9223372036854775807",
    "UPDATE tasks SET images = 'all'",
    "UPDATE tasks SET created_at = 9e999",
    "UPDATE tasks SET ends_at = 'never'",
    "UPDATE tasks SET account = x'00'",
    "UPDATE tasks SET picture = NULL",
)


@pytest.mark.parametrize("damage", STATES)
def test_a_state_of_the_simulator_that_is_not_ours_is_refused(scene: Scene, damage: str) -> None:
    state = scene.folder / ".qwave" / "simulator.sqlite"
    with closing(sqlite3.connect(state)) as connection:
        if damage.endswith("picture = NULL"):
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute("UPDATE sqlite_master SET sql = replace(sql, 'picture TEXT NOT NULL', 'picture TEXT')")
            connection.commit()
    with closing(sqlite3.connect(state)) as connection:
        connection.execute(damage)
        connection.commit()
    with closing(sqlite3.connect(scene.ledger)) as connection:  # so that the simulator is needed
        connection.execute("DELETE FROM images WHERE job_id = (SELECT min(job_id) FROM images)")
        connection.commit()
    before = state.read_bytes()
    status, said = scene.call("run")
    assert (status, "the simulator's state" in said) == (4, True), said
    assert state.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"tier": "99999K"},
        {"ratio": "0:0"},
        {"ratio": "1:0.000000001"},
        {"ratio": "99999:99998"},
        {"format": "x"},
        {"prompt": "x" * 10**6},
        {"model": 1},
    ],
)
def test_an_image_that_the_simulator_never_draws_is_not_ordered(change: dict[str, object]) -> None:
    order = {"model": "m", "prompt": "p", "seed": 1, "variation": "v", "ratio": "1:1", "tier": "1K", "format": "png"}
    assert ImageDesign.from_json(json.dumps({**order, "transparent": False, "count": 1})).count == 1
    with pytest.raises(ValueError, match=r"image|model: expected a string"):
        ImageDesign.from_json(json.dumps({**order, "transparent": False, "count": 1, **change}))


def test_a_key_that_is_out_holds_what_the_catalog_says(scene: Scene) -> None:
    """A ledger that says that all jobs were sent, for nothing, does not open the budget."""
    shutil.rmtree(scene.folder / "images")
    (scene.folder / "manifest.jsonl").unlink()
    scene.change(
        "DELETE FROM images",
        "UPDATE attempts SET state = 'intended', task_id = NULL, results = NULL, cost_nusd = 0, cost_from = NULL, "
        "held_nusd = 0, hold_nusd = NULL, catalog_nusd = NULL, submitted_at = NULL, ended_at = NULL, "
        "first_sent_at = unixepoch()",
    )
    (scene.folder / ".qwave" / "simulator.sqlite").unlink()
    status, said = scene.call("run", "--max-usd", "0.02")
    assert (status, "the run is estimated at" in said) == (3, True), said
    status, said = scene.call("run", "--max-usd", "0.02", "--until-budget")
    with closing(sqlite3.connect(scene.ledger)) as connection:
        (spent,) = connection.execute("SELECT SUM(cost_nusd) FROM attempts").fetchone()
        held = connection.execute("SELECT SUM(held_nusd) FROM attempts WHERE state = 'intended'").fetchone()[0] or 0
    assert 0 < spent <= 20_000_000, said
    assert held <= 20_000_000


def flipped(data: bytes, rng: random.Random) -> bytes:
    """Return a file with a few bytes changed, a page overwritten, or its end cut off."""
    changed = bytearray(data)
    match rng.randrange(4):
        case 0:
            return bytes(changed[: rng.randrange(len(changed))])
        case 1:
            at = rng.randrange(len(changed) // 4096) * 4096
            source = rng.randrange(len(changed) // 4096) * 4096
            changed[at : at + 4096] = changed[source : source + 4096]
        case _:
            for _ in range(rng.randrange(1, 40)):
                changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


@pytest.mark.parametrize("seed", range(60))
def test_a_spoiled_file_is_read_or_refused_in_a_sentence(scene: Scene, seed: int) -> None:
    rng = random.Random(seed)
    for ending in ("-wal", "-shm"):
        scene.ledger.with_name(scene.ledger.name + ending).unlink(missing_ok=True)
    spoiled = flipped(scene.ledger.read_bytes(), rng)
    scene.ledger.write_bytes(spoiled)
    command: Callable[[], str] = lambda: rng.choice(COMMANDS)  # noqa: E731
    for each in ("status", command()):
        status, said = scene.call(each)
        assert status in {0, 1, 2, 4}, (each, said)
        if each == "status" and status == 4:
            assert scene.ledger.read_bytes() == spoiled


def test_a_ledger_of_the_first_format_is_still_read_and_brought_up_to_date(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.ledger)) as connection:
        for column in ("hold_nusd", "catalog_nusd", "origin", "callback", "next_sent_at"):
            connection.execute(f"ALTER TABLE attempts DROP COLUMN {column}")
        for column in ("sendings", "begun_at", "begun_sendings", "lost_since"):
            connection.execute(f"ALTER TABLE identity DROP COLUMN {column}")
        connection.execute(
            "CREATE TABLE earlier_tasks (  -- tasks that a later round of the same attempt has replaced\n"
            "    job_id TEXT NOT NULL, number INTEGER NOT NULL, task_id TEXT NOT NULL\n)"
        )
        connection.execute("DROP TABLE decisions")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    assert json.loads(scene.call("status")[1])["completed"] == 4
    assert scene.call("run")[0] == 0
    assert scene.call("verify")[0] == 0
