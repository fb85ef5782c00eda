"""A layout is pushed to a hub on loopback by the Hub's own client: what differs, in few commits, and nothing twice."""

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from qwave_batch import lazy
from qwave_batch.errors import AccountError, MissingExtra, QwaveError, UsageError
from qwave_batch.hub.hub_address import HubDataset
from qwave_batch.hub.hub_client import open_repository
from qwave_batch.hub.hub_errors import HubDenied, HubRefused, HubThrottled, HubUnavailable
from qwave_batch.hub.layout_files import read_layout
from qwave_batch.hub.push_plan import RECORD, CommitLimits
from qwave_batch.hub.pushing import Pushed, PushOptions, push_layout
from tests.hub_server import TOKEN, Commit, Fault, HubServer
from tests.integration.exports.hub.conftest import CARD, image, numbered, write_layout

NAME = "ada/teahouse"
SMALL = CommitLimits(new_files=4, together=8)


def push(root: Path, *, waits: list[float] | None = None, revision: str | None = None, **options: object) -> Pushed:
    told = waits if waits is not None else []
    with open_repository(HubDataset("ada", "teahouse"), os.environ, revision=revision) as repository:
        return push_layout(read_layout(root), repository, PushOptions(**options), sleep=told.append)  # type: ignore[arg-type]


def shown_images(commit: Commit) -> None:
    """Assert that each row of each table has the image that it names."""
    for path, blob in commit.files.items():
        if path.endswith("metadata.parquet"):
            for row in blob.data.decode().splitlines():
                named, sha256 = row.split()
                assert hashlib.sha256(commit.files[named].data).hexdigest() == sha256, (commit.summary, named)


def layout_of(hub: HubServer, branch: str = "main") -> dict[str, bytes]:
    files = hub.files(NAME, branch)
    return {path: data for path, data in files.items() if path not in {RECORD, ".gitattributes"}}


def on_disk(root: Path) -> dict[str, bytes]:
    return {
        file.relative_to(root).as_posix(): file.read_bytes()
        for file in root.rglob("*")
        if file.is_file() and not file.relative_to(root).parts[0].startswith(".")
    }


def test_a_small_layout_is_one_commit_that_holds_all_of_it(hub: HubServer, tmp_path: Path) -> None:
    root = write_layout(tmp_path / "out", numbered(3) | numbered(2, split="test"))
    (root / ".qwave-export").mkdir()
    (root / ".qwave-export" / "state.sqlite").write_bytes(b"private")
    (root / "notes.txt").write_text("a stranger's")
    done = push(root)
    assert layout_of(hub) == {path: data for path, data in on_disk(root).items() if path != "notes.txt"}
    assert [commit.oid for commit in hub.commits(NAME)] == list(done.commits) == [done.head]
    assert (done.uploaded, done.deleted, done.unchanged, done.user) == (8, 0, 0, "ada")
    assert done.url == f"{hub.url}/datasets/{NAME}"


def test_a_push_of_what_is_there_makes_no_commit_and_uploads_nothing(hub: HubServer, tmp_path: Path) -> None:
    root = write_layout(tmp_path / "out", numbered(3))
    first = push(root)
    hub.calls.clear()
    again = push(root)
    assert (again.commits, again.uploaded, again.head) == ((), 0, first.head)
    assert not hub.counted("preupload|batch|storage|commit|create")


def test_many_images_come_first_and_the_tables_with_the_last_of_them(hub: HubServer, tmp_path: Path) -> None:
    push(write_layout(tmp_path / "out", numbered(11)), limits=SMALL)
    commits = hub.commits(NAME)
    assert [len(commit.changed) for commit in commits] == [5, 4, 6]
    assert RECORD in commits[0].changed
    assert {"README.md", "data/train/metadata.parquet"} <= set(commits[-1].changed)
    assert all("README.md" not in commit.files for commit in commits[:-1])


def test_only_what_changed_is_committed_and_what_is_gone_is_deleted(hub: HubServer, tmp_path: Path) -> None:
    root = write_layout(tmp_path / "out", numbered(5) | numbered(2, split="test"))
    push(root)
    after = {**numbered(4), "data/train/images/000/000001.png": image(1, version=2)}
    done = push(write_layout(tmp_path / "after", after))
    commit = hub.commits(NAME)[-1]
    assert set(commit.changed) == {"data/train/images/000/000001.png", "data/train/metadata.parquet"}
    assert len(commit.deleted) == done.deleted == 4
    assert layout_of(hub) == on_disk(tmp_path / "after")


@pytest.mark.parametrize("together", [8, 40])
def test_no_commit_shows_a_row_with_the_image_of_another(hub: HubServer, tmp_path: Path, together: int) -> None:
    limits = CommitLimits(new_files=4, together=together)
    push(write_layout(tmp_path / "one", numbered(12)), limits=limits)
    moved = {f"data/train/images/000/{n:06}.png": image(n + 1) for n in range(20)} | numbered(3, split="test")
    push(write_layout(tmp_path / "two", moved), limits=limits)
    push(write_layout(tmp_path / "three", numbered(1)), limits=limits)
    for commit in hub.commits(NAME):
        shown_images(commit)
        assert len(commit.changed) + len(commit.deleted) <= max(together, 4) + 3
    assert layout_of(hub) == on_disk(tmp_path / "three")


def test_files_of_others_stay_and_are_never_replaced_unasked(hub: HubServer, tmp_path: Path) -> None:
    hub.put(NAME, "README.md", b"---\nlicense: mit\n---\nby hand\n")
    hub.put(NAME, "data/train/images/000/000009.png", b"of others")
    hub.put(NAME, "data/notes.txt", b"of others")
    root = write_layout(tmp_path / "out", numbered(2))
    with pytest.raises(UsageError, match=r"README\.md of hf://datasets/ada/teahouse would be replaced"):
        push(root)
    assert len(hub.commits(NAME)) == 3
    assert not hub.uploads
    push(root, overwrites=True)
    files = hub.files(NAME)
    assert files["README.md"] == CARD.encode()
    assert files["data/notes.txt"] == b"of others"
    assert files["data/train/images/000/000009.png"] == b"of others"


def test_a_card_that_was_edited_on_the_hub_is_not_lost(hub: HubServer, tmp_path: Path) -> None:
    root = write_layout(tmp_path / "out", numbered(2))
    push(root)
    hub.put(NAME, "README.md", CARD.encode() + b"Edited on the web.\n")
    hub.put(NAME, "LICENSE", b"the law")
    with pytest.raises(UsageError, match="edited there since the last push"):
        push(root)
    push(root, overwrites=True)
    assert hub.files(NAME)["README.md"] == CARD.encode()
    assert hub.files(NAME)["LICENSE"] == b"the law"


def test_a_new_repository_is_private_if_asked_and_a_public_one_is_not_taken_for_it(
    hub: HubServer, tmp_path: Path
) -> None:
    root = write_layout(tmp_path / "out", numbered(1))
    push(root, is_private=True)
    assert hub.repositories[NAME].is_private
    push(root, is_private=True)
    hub.repositories[NAME].is_private = False
    with pytest.raises(UsageError, match="there already, and public"):
        push(root, is_private=True)


def test_a_branch_is_made_and_the_main_one_stays_as_it_is(hub: HubServer, tmp_path: Path) -> None:
    root = write_layout(tmp_path / "out", numbered(2))
    done = push(root, revision="try/2")
    assert (done.revision, hub.commits(NAME)) == ("try/2", [])
    assert layout_of(hub, "try/2") == on_disk(root)
    assert push(root, revision="try/2").commits == ()


def test_all_pages_of_a_long_list_are_read(hub: HubServer, tmp_path: Path) -> None:
    hub.page_size = 3
    root = write_layout(tmp_path / "out", numbered(11))
    push(root)
    assert push(root).commits == ()


def test_an_ignored_file_is_told_and_not_left_out_in_silence(hub: HubServer, tmp_path: Path) -> None:
    hub.ignored = frozenset({"data/train/images/000/000001.png"})
    with pytest.raises(UsageError, match=r"000001\.png can't be pushed: the \.gitignore"):
        push(write_layout(tmp_path / "out", numbered(2)))


def test_a_card_that_the_hub_does_not_take_is_told_before_anything_is_uploaded(hub: HubServer, tmp_path: Path) -> None:
    root = write_layout(tmp_path / "out", numbered(2), card="---\nlicense: [a, b]\n---\n")
    with pytest.raises(UsageError, match='does not take the card: "license" must be a text'):
        push(root)
    assert (hub.uploads, hub.commits(NAME)) == (0, [])


@pytest.mark.parametrize("at", range(0, 14, 2))
def test_a_push_that_was_cut_off_goes_on_and_commits_only_what_is_missing(
    hub: HubServer, tmp_path: Path, at: int
) -> None:
    root = write_layout(tmp_path / "out", numbered(11))
    hub.faults.append(Fault("POST .*(preupload|batch|commit)|PUT /storage", status=418, after=at))
    with pytest.raises(QwaveError):
        push(root, limits=SMALL)
    stored, made = hub.uploads, len(hub.repositories[NAME].branches["main"]) - 1
    push(root, limits=SMALL)
    assert layout_of(hub) == on_disk(root)
    assert hub.uploads == len(set(on_disk(root).values())) - 1  # every content once, and the card is not a large file
    assert stored <= hub.uploads
    added = [path for commit in hub.commits(NAME) for path in commit.changed if path != RECORD]
    assert len(added) == len(set(added))
    assert made <= 3
    for commit in hub.commits(NAME):
        shown_images(commit)


@pytest.mark.parametrize("is_done_first", [True, False])
@pytest.mark.parametrize("status", [502, None])
def test_a_commit_without_an_answer_is_looked_for_before_it_is_repeated(
    hub: HubServer, tmp_path: Path, *, is_done_first: bool, status: int | None
) -> None:
    hub.faults.append(Fault("POST .*/commit/", status=status, after=1, is_done_first=is_done_first))
    root = write_layout(tmp_path / "out", numbered(11))
    waits: list[float] = []
    done = push(root, limits=SMALL, waits=waits)
    assert layout_of(hub) == on_disk(root)
    assert [len(commit.changed) for commit in hub.commits(NAME)] == [5, 4, 6]
    assert [commit.oid for commit in hub.commits(NAME)] == list(done.commits)
    assert (done.uploaded, waits) == (len(on_disk(root)), [1.0])


def test_a_card_that_somebody_commits_in_between_is_kept(hub: HubServer, tmp_path: Path) -> None:
    hub.faults.append(
        Fault("POST .*/commit/", status=412, after=1, then=lambda: hub.put(NAME, "README.md", b"meanwhile"))
    )
    root = write_layout(tmp_path / "out", numbered(11))
    with pytest.raises(UsageError, match="was edited there since the last push, so it stays"):
        push(root, limits=SMALL)
    assert hub.files(NAME)["README.md"] == b"meanwhile"


def test_a_commit_of_somebody_else_in_between_is_kept(hub: HubServer, tmp_path: Path) -> None:
    hub.faults.append(
        Fault("POST .*/commit/", status=412, after=1, then=lambda: hub.put(NAME, "NOTES.md", b"meanwhile"))
    )
    root = write_layout(tmp_path / "out", numbered(11))
    push(root, limits=SMALL)
    assert layout_of(hub) == {**on_disk(root), "NOTES.md": b"meanwhile"}


@pytest.mark.parametrize("call", ["GET /api/datasets", "tree", "preupload", "objects/batch", "PUT /storage", "commit"])
def test_a_short_wait_that_the_hub_asks_for_is_waited(hub: HubServer, tmp_path: Path, call: str) -> None:
    hub.faults.append(Fault(call, status=429, headers={"Retry-After": "41"}))
    waits: list[float] = []
    root = write_layout(tmp_path / "out", numbered(3))
    push(root, waits=waits)
    assert waits == [42.0]
    assert layout_of(hub) == on_disk(root)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Retry-After": "3000"}, "for 50 min"),
        ({"ratelimit": '"api";r=0;t=1800', "ratelimit-policy": '"fixed window";"api";q=500;w=300'}, "for 30 min"),
        ({}, "does not tell for how long"),
    ],
)
def test_a_long_wait_ends_the_push_with_the_time_and_another_one_goes_on(
    hub: HubServer, tmp_path: Path, headers: Mapping[str, str], words: str
) -> None:
    hub.faults.append(Fault("POST .*/commit/", status=429, headers=headers, after=1))
    root = write_layout(tmp_path / "out", numbered(11))
    with pytest.raises(HubThrottled, match=words) as raised:
        push(root, limits=SMALL)
    assert raised.value.exit_status == 3
    push(root, limits=SMALL)
    assert [len(commit.changed) for commit in hub.commits(NAME)] == [5, 4, 6]


@pytest.mark.parametrize("call", ["tree", "preupload", "objects/batch", "PUT /storage", "/storage/verify"])
def test_a_hub_that_cannot_work_for_a_moment_is_asked_again(hub: HubServer, tmp_path: Path, call: str) -> None:
    hub.faults.append(Fault(call, status=503, times=2))
    waits: list[float] = []
    root = write_layout(tmp_path / "out", numbered(3))
    push(root, waits=waits)
    assert waits in ([1.0, 2.0], [1.0])  # files are uploaded side by side, and may fail together
    assert layout_of(hub) == on_disk(root)


def test_a_hub_that_does_not_recover_ends_the_push(hub: HubServer, tmp_path: Path) -> None:
    hub.faults.append(Fault("preupload", status=500, times=99))
    waits: list[float] = []
    with pytest.raises(HubUnavailable, match="HTTP 500") as raised:
        push(write_layout(tmp_path / "out", numbered(3)), waits=waits)
    assert (waits, raised.value.exit_status) == ([1.0, 2.0, 4.0, 8.0, 16.0], 1)


@pytest.mark.parametrize(
    ("fault", "error", "status", "words"),
    [
        (Fault("whoami", status=401), HubDenied, 3, r"does not accept the token \(HTTP 401\)"),
        (Fault("commit", status=403), HubDenied, 3, r"the token may not do this \(HTTP 403\): a commit of hf://"),
        (Fault("preupload", status=404), UsageError, 2, "owner or the revision may be misspelt"),
        (Fault("commit", status=400), HubRefused, 1, r"refused a commit \(HTTP 400\): by a fault"),
        (Fault("whoami"), HubUnavailable, 1, "does not answer at http://127"),
    ],
)
def test_what_the_hub_refuses_is_told_in_a_sentence_without_the_token(
    hub: HubServer, tmp_path: Path, fault: Fault, error: type[QwaveError], status: int, words: str
) -> None:
    fault.body = f'{{"error": "by a fault, Bearer {TOKEN}"}}'
    hub.faults.append(fault)
    with pytest.raises(error, match=words) as raised:
        push(write_layout(tmp_path / "out", numbered(2)))
    assert raised.value.exit_status == status
    assert TOKEN not in str(raised.value)


def test_an_owner_that_the_token_may_not_write_to_is_told(hub: HubServer, tmp_path: Path) -> None:
    hub.members = frozenset({"somebody"})
    with pytest.raises(AccountError, match=r"HTTP 403\): a new repository of hf://datasets/ada/teahouse: You don't"):
        push(write_layout(tmp_path / "out", numbered(1)))


def test_a_token_is_read_from_its_file_and_without_one_the_error_says_where_it_belongs(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_layout(tmp_path / "out", numbered(1))
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(HubDenied, match="set HF_TOKEN"):
        push(root)
    assert hub.calls == []


def test_a_token_that_cannot_be_one_is_not_shown(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_half secret")
    with pytest.raises(HubDenied, match="was it copied whole") as raised:
        push(write_layout(tmp_path / "out", numbered(1)))
    assert "secret" not in str(raised.value)
    assert hub.calls == []


def test_without_the_hubs_client_the_error_says_how_to_install_it(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_layout(tmp_path / "out", numbered(1))
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.delitem(vars(lazy), "huggingface_hub", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install 'qwave-batch\[hub\]'"):
        push(root)


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [("http://hub.example", "could be read"), ("ftp://hub.example", "not a web address"), ("hub", "not a web address")],
)
def test_the_token_goes_to_no_endpoint_without_encryption(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str, words: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    with pytest.raises(UsageError, match=words):
        push(write_layout(tmp_path / "out", numbered(1)))


def test_a_client_that_sends_no_token_unasked_is_asked_for_it(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants  # noqa: PLC0415 - slow to load

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", True)
    root = write_layout(tmp_path / "out", numbered(1))
    push(root, is_private=True)
    assert push(root, is_private=True).commits == ()


def test_the_hubs_client_is_afterwards_as_it_was_before(hub: HubServer, tmp_path: Path) -> None:
    from huggingface_hub import constants  # noqa: PLC0415 - slow to load
    from huggingface_hub.utils import _http, logging  # noqa: PLC0415
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled  # noqa: PLC0415

    def state() -> list[object]:
        return [
            _http._GLOBAL_CLIENT_FACTORY,
            constants.HF_HUB_DISABLE_XET,
            are_progress_bars_disabled(),
            logging.get_verbosity(),
        ]

    before = state()
    push(write_layout(tmp_path / "out", numbered(1)))
    assert state() == before


def test_a_layout_of_too_many_files_is_refused_before_anything_is_asked(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = read_layout(write_layout(tmp_path / "out", numbered(1)))
    layout.files = {f"data/train/images/{n // 1000:03}/{n:06}.png": 1 for n in range(100_000)}
    with (
        open_repository(HubDataset("ada", "teahouse"), os.environ) as repository,
        pytest.raises(UsageError, match="100,000 files, and the Hub wants fewer"),
    ):
        push_layout(layout, repository, PushOptions(), sleep=lambda _: None)
    assert hub.calls == []
