"""Names of image files never matter, and their bytes always do; the same for addresses and their signatures."""

import struct
import tempfile
import zlib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.model.job import Job
from qwave_batch.model.signed_links import unsigned
from qwave_batch.plan.file.plan_file import plan_lines, read_plan
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.loading import load_spec

HEAD = 'version: 1\nname: refs\ncatalog: "2026-05"\nrequest: {model: gpt-image-2, action: edit}\nprompts:\n'


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(grey: int, note: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"tEXt", b"n\0" + note), chunk(b"IDAT", zlib.compress(bytes([0, grey]))))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


NAMES = st.text(st.sampled_from("abcäß猫 .-_'[]*?#%&"), min_size=1, max_size=12).filter(
    lambda name: name.strip(". ") == name and bool(name)
)
PICTURES = st.builds(png, st.integers(0, 255), st.binary(max_size=4).map(lambda note: note.hex().encode()))


def planned(folder: Path, names: list[str]) -> Plan:
    texts = "".join(f"  - {{text: Snow, request: {{image_urls: [{quoted(name)}]}}}}\n" for name in names)
    (folder / "spec.yaml").write_text(HEAD + texts, encoding="utf-8")
    return make_plan(load_spec(folder / "spec.yaml"))


def quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


@settings(max_examples=40, deadline=None)
@given(files=st.dictionaries(NAMES, PICTURES, min_size=1, max_size=6))
def test_jobs_are_as_many_as_there_are_pictures(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        plan = planned(folder, list(files))
        jobs = [item for item in plan.items() if isinstance(item, Job)]
        assert len(jobs) == len(set(files.values())) == len(plan.inputs)
        (folder / "plan.jsonl").write_text("".join(plan_lines(plan, beside=folder)), encoding="utf-8")
        saved = read_plan(folder / "plan.jsonl")
        assert list(saved.items()) == list(plan.items())
        assert saved.inputs == plan.inputs


PARAMETERS = st.lists(st.sampled_from(["w=200", "v=3", "h=1&w=2"]), max_size=2)
SIGNATURES = st.sampled_from(
    [
        "X-Amz-Algorithm=A&X-Amz-Date=D&X-Amz-Signature={}",
        "X-Goog-Date=D&X-Goog-Signature={}",
        "x-oss-date=D&x-oss-signature={}",
        "Expires=1&Signature={}",
        "Expires=1&Key-Pair-Id=K&Signature={}",
        "Policy=P&Key-Pair-Id=K&Signature={}",
        "sv=1&se=2&sr=b&sp=r&sig={}",
        "q-sign-algorithm=sha1&q-signature={}",
    ]
)


@given(own=PARAMETERS, signed=SIGNATURES, first=st.integers(), second=st.integers(), is_behind=st.booleans())
def test_an_address_without_its_signature_is_the_same_however_it_is_signed(
    own: list[str], signed: str, first: int, second: int, *, is_behind: bool
) -> None:
    def link(number: int) -> str:
        parts = [*own, signed.format(number)] if is_behind else [signed.format(number), *own]
        return "https://pictures.example.com/shoe.jpg?" + "&".join(parts)

    stable = "https://pictures.example.com/shoe.jpg" + ("?" + "&".join(own) if own else "")
    assert unsigned(link(first)) == unsigned(link(second)) == stable
    assert unsigned(stable) == stable
