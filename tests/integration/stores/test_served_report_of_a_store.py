"""A report of an object store, served: what comes into the store is shown, and what the store refuses is told."""

import asyncio
import json
from io import StringIO
from pathlib import Path

from aiohttp import ClientSession

import qwave_batch as qb
from qwave_batch.api.report_upkeep import UpkeepPace
from qwave_batch.cli.main import main
from qwave_batch.errors import QwaveError
from qwave_batch.reports import ReportRequest, ReportWritten
from tests.integration.stores.conftest import SECRET, Bucket
from tests.integration.stores.faulty_proxy import FORBIDDEN, FaultyProxy
from tests.integration.stores.test_checks_of_a_store import SPEC

QUICK = UpkeepPace(store_look_s=0.05, least_pause_s=0.05)
MORE = SPEC.replace("a wall]", "a wall, a gate]")


def run_into(store: str, home: Path, spec: str) -> None:
    (home / "spec.yaml").write_text(spec, encoding="utf-8")
    qb.run_batch_sync(home / "spec.yaml", connection=qb.Simulated(latency="0"), out_dir=home / "run", store=store)


def test_what_comes_into_a_store_is_shown_and_what_it_refuses_is_told(
    tmp_path: Path, bucket: Bucket, proxy: FaultyProxy
) -> None:
    store = f"{bucket.url}/one"
    run_into(store, tmp_path, SPEC)
    request = ReportRequest(folders=(store,), out=tmp_path / "out")
    written = qb.reports.write_report(request)
    assert (written.images, len(list((tmp_path / "out/full").rglob("*")))) == (3, 6)
    updates: asyncio.Queue[ReportWritten | QwaveError] = asyncio.Queue()

    async def main() -> None:
        async with (
            qb.reports.serve_report(request, written, port=0, on_update=updates.put_nowait, pace=QUICK) as served,
            ClientSession() as session,
        ):
            proxy.always(FORBIDDEN)
            while not isinstance(error := await updates.get(), QwaveError):
                pass
            assert store in str(error)
            assert SECRET not in str(error)
            proxy.decide = lambda _method, _path: None
            await asyncio.to_thread(run_into, store, tmp_path, MORE)
            while not isinstance(update := await updates.get(), ReportWritten) or update.images != 4:
                pass
            async with session.get(f"{served.address}data/index.js") as answer:
                index = json.loads((await answer.text()).partition(",")[2].rpartition(")")[0])
            hashes = [image["hash"] for job in index["jobs"] for image in job["images"]]
            assert len(hashes) == 4
            for each in hashes:
                async with session.get(f"{served.address}full/{each[:2]}/{each}") as answer:
                    assert (answer.status, answer.content_type) == (200, "image/jpeg")
                async with session.get(f"{served.address}thumbs/{each[:2]}/{each}.webp") as answer:
                    assert (answer.status, answer.content_type) == (200, "image/webp")

    asyncio.run(main())


def test_a_store_that_fails_in_the_middle_ends_the_report_and_a_second_one_goes_on(
    tmp_path: Path, bucket: Bucket, proxy: FaultyProxy
) -> None:
    store = f"{bucket.url}/one"
    run_into(store, tmp_path, SPEC)
    out, said = tmp_path / "out", StringIO()
    lost = bucket.below("one/images/")[1]
    proxy.always(FORBIDDEN, "GET", lost)
    assert main(["report", store, "-o", str(out)], StringIO(), said) in {2, 4}
    assert store in said.getvalue().replace("\n", "")
    assert SECRET not in said.getvalue()
    proxy.decide = lambda _method, _path: None
    assert main(["report", store, "-o", str(out), "--json"], stdout := StringIO(), StringIO()) == 0
    assert json.loads(stdout.getvalue())["without_thumbnail"] == []


def test_a_store_needs_a_place_for_its_report(bucket: Bucket, tmp_path: Path) -> None:
    store = f"{bucket.url}/one"
    run_into(store, tmp_path, SPEC)
    said = StringIO()
    assert main(["report", store], StringIO(), said, environ={"COLUMNS": "1000"}) == 2
    assert "a report is a folder on this machine" in said.getvalue()
