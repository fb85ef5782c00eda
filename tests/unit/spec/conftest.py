"""Writes specs into a folder of their own and loads them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.spec.document import Spec
from qwave_batch.spec.loading import load_spec

HEAD = 'version: 1\nname: try\ncatalog: "2026-05"\n'
"""Three lines; what a test adds begins on line 4."""

Load = Callable[..., Spec]
Complain = Callable[..., list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    return tmp_path / "specs"


@pytest.fixture
def load(folder: Path) -> Load:
    """Loads the text of a spec; ``head=True`` puts the three required lines in front."""

    def load(
        text: str,
        *,
        head: bool = True,
        files: Mapping[str, str] | None = None,
        overrides: Sequence[str] = (),
        allow_read: Sequence[Path] = (),
    ) -> Spec:
        for name, content in (files or {}).items():
            (folder / name).write_bytes(content.encode("utf-8"))
        file = folder / "spec.yaml"
        file.write_bytes(((HEAD if head else "") + text).encode("utf-8"))
        return load_spec(file, overrides=overrides, allow_read=allow_read)

    return load


@pytest.fixture
def complain(load: Load, folder: Path) -> Complain:
    """Loads a spec that is wrong and returns its problems as lines, without the folder's own path."""

    def complain(text: str, **how: object) -> list[str]:
        with pytest.raises(SpecError) as caught:
            load(text, **how)
        return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]

    return complain
