"""An export that changed, loaded again by a library that has cached what was there before."""

from pathlib import Path

import pytest

from tests.integration.exports.loading import exported, library, quiet


@pytest.mark.parametrize("form", ["hf", "croissant", "webdataset"])
def test_what_was_cached_before_a_change_is_not_shown_after_it(form: str, trap_folder: Path, tmp_path: Path) -> None:
    """Hugging Face's library caches a folder by its README.md, and not by the files that this names."""
    sizes = []
    for where in ("prompt_id == 'test'", "prompt_id != 'test'"):
        exported(form, tmp_path / "out", trap_folder, "--where", f"image.format == 'png' and {where}")
        with quiet():
            rows = library("datasets").load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))["train"]
        sizes.append(len(rows))
    assert 0 < sizes[0] < sizes[1]
