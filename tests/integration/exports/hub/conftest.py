"""A hub on loopback, its token in the environment, and a small layout to push."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.hub_server import TOKEN, HubServer, serving

CARD = "---\nlicense: other\nconfigs:\n- config_name: default\n---\n# Teahouse\n"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    """A hub that knows the token in the environment."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf-home"))
    with serving(HubServer()) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server
    assert server.leaks == []


def image(number: int, version: int = 1) -> bytes:
    """The content of an image; nothing here decodes it."""
    return f"image {number} of version {version}".encode()


def write_layout(root: Path, images: Mapping[str, bytes], card: str = CARD) -> Path:
    """Write a layout as an export does: the images, a table that names each with its hash, and a card."""
    for path, data in images.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    for split in {path.split("/")[1] for path in images}:
        rows = sorted(path for path in images if path.startswith(f"data/{split}/images/") and not path.endswith(".xmp"))
        table = root / "data" / split / "metadata.parquet"
        table.write_text("".join(f"{path} {hashlib.sha256(images[path]).hexdigest()}\n" for path in rows))
    (root / "README.md").write_text(card)
    return root


def numbered(count: int, version: int = 1, split: str = "train") -> dict[str, bytes]:
    """The images of a layout by path."""
    return {f"data/{split}/images/000/{n:06}.png": image(n, version) for n in range(count)}
