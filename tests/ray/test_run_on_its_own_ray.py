"""The command with a Ray of its own: the key stays out of it, and nothing of it is left."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from tests.contracts.run_contract import JOBS, Place, interrupt, staged
from tests.integration.settled import contents_of
from tests.ray.started_ray import descendants

KEY = "k-that-must-appear-nowhere-else"
OWN = Place(None, ("--executor", "ray", "--workers", "1"), lambda _: [])


def told(pid: int) -> Iterator[bytes]:
    """Yield the environment that a process was started with, and its command line."""
    for name in ("environ", "cmdline"):
        yield Path(f"/proc/{pid}/{name}").read_bytes()


def folder_of(pid: int) -> Path:
    return Path(f"/proc/{pid}/cwd").readlink()


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def logs(folder: Path) -> bytes:
    return b"\n".join(file.read_bytes() for file in folder.rglob("logs/**/*") if file.is_file())


def test_no_process_and_no_log_of_it_knows_the_key_and_ctrl_c_ends_all_of_them(checkout: Path, tmp_path: Path) -> None:
    async def story() -> None:
        async with staged(tmp_path, latency="1") as stage:
            with stage.command(OWN, checkout, key=KEY) as terminal:
                await asyncio.to_thread(terminal.read_until, r"[1-9]\d?/12 done", timeout_s=50)
                processes = descendants(terminal.process.pid)
                folder = folder_of(processes[0])  # the process that speaks to Ray
                assert len(processes) > 4
                assert [pid for pid in processes for said in told(pid) if KEY.encode() in said] == []
                written = logs(folder)
                assert b"raylet" in written
                assert KEY.encode() not in written
                assert b"/files/" not in written
                interrupt(terminal)
                shown = await asyncio.to_thread(terminal.read_to_the_end)
            assert terminal.process.returncode == 130, shown
            assert alive(processes) == []
            assert not folder.exists()
            assert contents_of(stage.folder).statuses()["completed"] == len(stage.simulator.tasks()) < JOBS
            assert stage.books() == (0, 0)

    asyncio.run(story())
