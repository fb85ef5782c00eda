"""A spec is checked at its resolved path; a link that leads out of its root shows nothing of its target."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.errors import SpecError, UsageError
from qwave_batch.spec.inputs.file_access import FileAccess, FileRefused, InputFile, named_file
from qwave_batch.spec.loading import load_spec

GOOD = 'version: 1\nname: try\ncatalog: "2026-05"\nprompts: [{from: t.csv, text: "{{ row.a }}"}]\n'
SECRET = "machine example.org password hunter2: [\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A work tree with a good spec, beside a file that is nobody's business."""
    top = tmp_path / "repository"
    (top / ".git").mkdir(parents=True)
    (top / ".git" / "config").write_text(SECRET)
    (top / "specs").mkdir()
    (top / "specs" / "good.yaml").write_text(GOOD)
    (top / "specs" / "t.csv").write_text("a\nb\n")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "secret.yaml").write_text(SECRET)
    return top


def refusal(path: str | Path, allow_read: tuple[Path, ...] = ()) -> str:
    """Return why a spec is refused, after making sure that nothing of the secret is in it."""
    with pytest.raises(UsageError) as caught:
        load_spec(path, allow_read=allow_read)
    assert "hunter2" not in str(caught.value)
    assert "machine" not in str(caught.value)
    return str(caught.value)


def test_a_spec_that_is_a_link_out_of_the_work_tree_shows_nothing(repository: Path) -> None:
    (repository / "specs" / "a.yaml").symlink_to(repository.parent / "home" / "secret.yaml")
    assert "is reached through a link that leads out of the spec's git work tree" in refusal(
        repository / "specs" / "a.yaml"
    )


def test_what_is_not_there_is_refused_in_the_same_words(repository: Path) -> None:
    for name in ("secret.yaml", "none.yaml"):
        (repository / "specs" / name).symlink_to(repository.parent / "home" / name)
    said = [refusal(repository / "specs" / name).replace(name, "") for name in ("secret.yaml", "none.yaml")]
    assert said[0] == said[1]


@pytest.mark.parametrize("inner", [False, True], ids=["folder", "work tree"])
def test_a_folder_that_is_a_link_out_of_the_work_tree_shows_nothing(repository: Path, inner: bool) -> None:  # noqa: FBT001
    if inner:  # what it leads to is a work tree too, which does not make it the place that was named
        (repository.parent / "home" / ".git").mkdir()
    (repository / "pr").symlink_to(repository.parent / "home")
    assert "is reached through a link that leads out of" in refusal(repository / "pr" / "secret.yaml")


def test_without_a_work_tree_the_border_is_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "secret.yaml").write_text(SECRET)
    (tmp_path / "pr").mkdir()
    (tmp_path / "pr" / "a.yaml").symlink_to("../home/secret.yaml")
    (tmp_path / "pr" / "specs").symlink_to("../home")
    assert "is reached through a link that leads out of the spec's folder" in refusal(tmp_path / "pr" / "a.yaml")
    assert "is a symbolic link that leads out of its folder" in refusal(tmp_path / "pr" / "specs" / "secret.yaml")
    monkeypatch.chdir(tmp_path)
    assert "is a symbolic link that leads out of its folder" in refusal("pr/specs/secret.yaml")


def test_links_inside_a_work_tree_are_followed(repository: Path) -> None:
    (repository / "shared").symlink_to("specs")
    (repository / "linked.yaml").symlink_to("shared/good.yaml")
    for spec in ("specs/good.yaml", "shared/good.yaml", "linked.yaml"):
        assert load_spec(repository / spec).root == repository / "specs"


def test_links_above_the_work_tree_are_the_users_own(repository: Path) -> None:
    outer = repository.parent.parent / f"{repository.parent.name}-outer"
    outer.mkdir()
    (outer / "way").symlink_to(repository.parent)
    (outer / "work").symlink_to(repository)
    assert load_spec(outer / "way" / "repository" / "specs" / "good.yaml").name == "try"
    assert load_spec(outer / "work" / "specs" / "good.yaml").name == "try"


def test_links_above_a_folder_without_a_work_tree_and_in_the_current_one_are_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there" / "specs"
    there.mkdir(parents=True)
    here.mkdir()
    (there / "good.yaml").write_text(GOOD)
    (there / "t.csv").write_text("a\nb\n")
    (here / "way").symlink_to(there.parent)
    (here / "specs").symlink_to(there)
    assert load_spec(here / "way" / "specs" / "good.yaml").name == "try"
    monkeypatch.chdir(here)
    assert load_spec("specs/good.yaml").name == "try"


def test_an_allowed_folder_may_hold_what_a_link_leads_to(repository: Path, tmp_path: Path) -> None:
    (repository / "specs" / "good.yaml").rename(tmp_path / "home" / "good.yaml")
    (tmp_path / "home" / "t.csv").write_text("a\nb\n")
    (repository / "specs" / "a.yaml").symlink_to(tmp_path / "home" / "good.yaml")
    assert load_spec(repository / "specs" / "a.yaml", allow_read=[tmp_path / "home"]).name == "try"


@pytest.mark.parametrize("name", [".git", ".GIT", ".git ", "git~1", ".g\u200cit"])
def test_nothing_in_a_git_folder_is_data(repository: Path, name: str) -> None:
    folder = repository / name
    folder.mkdir(exist_ok=True)
    for file in ("secret.yaml", "t.csv"):
        (folder / file).write_text(SECRET)
    assert "is in a .git folder" in refusal(folder / "secret.yaml")
    inputs = FileAccess.around(repository / "specs")
    with pytest.raises(FileRefused, match=r"is in a \.git folder"):
        inputs.find(f"../{name}/t.csv")
    with pytest.raises(FileRefused, match=r"files in a \.git folder"):
        FileAccess.around(repository / "specs", allow_read=[folder])
    (repository / "specs" / "sub.csv").symlink_to(folder / "t.csv")
    with pytest.raises(FileRefused, match=r"is in a \.git folder"):
        FileAccess.around(repository / "specs", allow_read=[repository]).find("sub.csv")


def test_a_git_file_is_no_table_either(repository: Path) -> None:
    (repository / "sub").mkdir()
    (repository / "sub" / ".git").write_text("gitdir: ../.git/modules/sub\n")
    with pytest.raises(FileRefused, match=r"is in a \.git folder"):
        FileAccess.around(repository / "specs").find("../sub/.git")


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(path))  # its own name has to be short


@pytest.mark.parametrize(("make", "said"), [(_fifo, "is a named pipe"), (_socket, "is a socket")])
def test_what_is_no_regular_file_is_refused_at_once(
    repository: Path, make: Callable[[Path], None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    for name in ("odd.yaml", "odd.csv"):
        make(repository / "specs" / name)
    assert said in refusal(repository / "specs" / "odd.yaml")
    spec = repository / "specs" / "good.yaml"
    spec.write_text(GOOD.replace("t.csv", "odd.csv"))
    assert said in refusal(spec)
    spec.write_text(f"extends: odd.yaml\n{GOOD}")
    assert said in refusal(spec)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full"])
def test_a_device_is_refused_at_once_where_it_is_named_and_where_it_is_linked(repository: Path, device: str) -> None:
    (repository / "specs" / "a.yaml").symlink_to(device)
    assert "is reached through a link" in refusal(repository / "specs" / "a.yaml")
    assert "is a device" in refusal(device)
    assert "is a device" in refusal(repository / "specs" / "a.yaml", (Path("/dev"),))


def test_a_sparse_terabyte_is_refused_by_its_size(repository: Path) -> None:
    spec = repository / "specs" / "good.yaml"
    os.truncate(spec, 10**12)
    assert "the spec has 1,000,000,000,000 bytes; at most 20,000,000 are read" in refusal(spec)


def test_a_link_that_is_put_in_place_after_the_check_is_not_followed(repository: Path) -> None:
    found, inputs = named_file(repository / "specs" / "good.yaml")
    table = inputs.find("t.csv")
    (repository / "specs").rename(repository / "moved")
    (repository / "specs").symlink_to(repository.parent / "home")
    (repository.parent / "home" / "good.yaml").write_text(SECRET)
    (repository.parent / "home" / "t.csv").write_text(SECRET)
    for file in (found, table):
        with pytest.raises(FileRefused):
            file.open()
    (repository / "specs").unlink()
    (repository / "specs").mkdir()
    (repository / "specs" / "t.csv").symlink_to(repository.parent / "home" / "t.csv")
    with pytest.raises(FileRefused, match="is a symbolic link"):
        table.open()


def test_a_file_of_the_programs_own_choice_is_opened_where_it_lies(repository: Path) -> None:
    (repository / "specs" / "link.csv").symlink_to("t.csv")
    with InputFile.at(repository / "specs" / "link.csv").open() as file:
        assert file.read() == b"a\nb\n"


def test_links_in_a_circle_are_a_sentence(repository: Path) -> None:
    (repository / "specs" / "round.yaml").symlink_to("round.yaml")
    assert "cannot be read" in refusal(repository / "specs" / "round.yaml")


def test_a_base_that_is_a_link_out_shows_nothing(repository: Path) -> None:
    (repository / "specs" / "base.yaml").symlink_to(repository.parent / "home" / "secret.yaml")
    (repository / "specs" / "good.yaml").write_text(f"extends: base.yaml\n{GOOD}")
    with pytest.raises(SpecError, match="is outside the spec's git work tree") as caught:
        load_spec(repository / "specs" / "good.yaml")
    assert "hunter2" not in str(caught.value)
