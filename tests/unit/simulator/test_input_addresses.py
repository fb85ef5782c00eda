"""Input images at addresses of the simulator's own: given out, still serving, and seen in the picture made of them."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.imaging.data_uris import data_uri
from qwave_batch.simulator import Behaviour, Simulator, parse_faults, parse_latency
from qwave_batch.simulator.api_calls import Caller
from qwave_batch.simulator.image_content import HUES, content_of
from qwave_batch.simulator.image_drawing import ImageDesign, render
from qwave_batch.simulator.replies import Reply

ApiMaker: TypeAlias = Any  # the fixture's classes are in conftest.py, which is not importable

DAY_S = 86_400
DRAFT = {"model": "z-image-turbo", "prompt": "a noodle stall", "seed": 1}
CALLER = Caller(account="ours", origin="http://127.0.0.1:8377", elsewhere="")


def edit(*addresses: str) -> dict[str, Any]:
    return {"model": "gpt-image-2", "action": "edit", "prompt": "at night", "seed": 1, "image_urls": [*addresses]}


class Moment:
    """A clock that stands still until it is advanced."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def now(self) -> float:
        return self.seconds

    monotonic = now

    async def sleep(self, wait_s: float) -> None:
        raise AssertionError(wait_s)


class Desk:
    """An embedded API without a socket, whose tasks take 10 seconds."""

    def __init__(self, simulator: Simulator, clock: Moment) -> None:
        self.simulator, self.clock = simulator, clock

    def advance(self, seconds: float) -> None:
        self.clock.seconds += seconds

    def submit(self, request: dict[str, Any], key: str | None = None) -> str | Reply:
        submission = self.simulator.submit(CALLER, json.dumps(request).encode(), key)
        return submission.task.task_id if submission.task else submission.reply

    def poll(self, task_id: str) -> Any:
        return json.loads(self.simulator.status(CALLER, task_id).body)

    def ended(self, request: dict[str, Any]) -> Any:
        """The answer to a poll at the end of a task."""
        task_id = self.submit(request)
        assert isinstance(task_id, str), task_id
        self.advance(10)
        return self.poll(task_id)

    def drafted(self, **fields: Any) -> tuple[str, str]:
        """The id and the address of a draft that is there."""
        answer = self.ended({**DRAFT, **fields})
        return answer["task_id"], address_in(answer)

    def fetched(self, address: str) -> bytes | int:
        parts = urlsplit(address)
        file = self.simulator.file(parts.path, parts.query)
        return file.status if isinstance(file, Reply) else render(file, int(parts.path.split("/")[-1].split(".")[0]))

    def data(self, address: str) -> bytes:
        data = self.fetched(address)
        assert isinstance(data, bytes), data
        return data

    def inputs(self) -> tuple[str, ...]:
        """The hashes of the images that the newest task was made of."""
        return ImageDesign.from_json(self.simulator.tasks()[-1].design).inputs


@contextmanager
def open_desk(faults: str = "") -> Iterator[Desk]:
    clock = Moment()
    behaviour = Behaviour(latency=parse_latency("10"), faults=parse_faults(faults))
    with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour, clock=clock) as simulator:
        yield Desk(simulator, clock)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with open_desk() as opened:
        yield opened


def address_in(answer: Any) -> str:
    return str(answer["result"]["images"][0]["url"][0])


def format_in(address: str) -> str:
    return address.rpartition(".")[2].replace("jpg", "jpeg")


def test_the_picture_is_made_of_the_very_image_whichever_way_it_was_passed(desk: Desk) -> None:
    _, address = desk.drafted()
    data = desk.data(address)
    by_address = desk.ended(edit(address))
    assert desk.inputs() == (sha256(data).hexdigest(),)
    as_data = desk.ended(edit(data_uri(data)))
    by_other_name = desk.ended(edit(address.replace("127.0.0.1", "localhost")))
    of_an_earlier_process = desk.ended(edit(address.replace(":8377", ":8378")))
    of_another = desk.ended(edit(desk.drafted(seed=2)[1]))
    answers = (by_address, as_data, by_other_name, of_an_earlier_process, of_another)
    *pictures, other = (desk.data(address_in(answer)) for answer in answers)
    assert len(set(pictures)) == 1
    assert other not in pictures
    assert len({task.body_hash for task in desk.simulator.tasks()}) == 4, "two drafts, and an edit of each"


def test_the_order_of_several_images_is_that_of_the_request(desk: Desk) -> None:
    one, other = desk.drafted()[1], desk.drafted(seed=2)[1]
    desk.submit(edit(other, "https://images.example.com/a.png", one))
    assert desk.inputs() == tuple(sha256(desk.data(address)).hexdigest() for address in (other, one))


def test_it_keeps_the_colours_of_its_first_image_over_many_edits(desk: Desk) -> None:
    address, hues = desk.drafted()[1], []
    for _ in range(5):
        hues.append(content_of(desk.data(address), format_in(address), (256, 256)).hue)
        address = address_in(desk.ended(edit(address)))
    first, *later = (hue for hue in hues if hue is not None)
    assert len(later) == 4
    assert all(min((hue - first) % HUES, (first - hue) % HUES) <= HUES // 12 for hue in later)


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        ("task-wave", "task-wave0"),
        (r"/1\.", "/2."),
        (r"\.\w+$", ".gif"),
        (r"/files/.*", "/v1/models"),
    ],
    ids=["unknown task", "no such number", "another format", "no file"],
)
def test_an_address_that_it_never_gave_out_fails_the_task_unpaid(pattern: str, instead: str, desk: Desk) -> None:
    address = re.sub(pattern, instead, desk.drafted()[1])
    answer = desk.ended(edit(address))
    assert (answer["status"], answer["error"]["code"], answer["cost"]) == ("failed", "upstream_bad_request", 0)
    assert answer["error"]["message"] == f"image_urls[0] cannot be fetched: HTTP 404 for {address}"


def test_an_address_of_a_task_that_is_not_over_fails_the_task(desk: Desk) -> None:
    address, task_id = desk.drafted()[1], desk.submit({**DRAFT, "seed": 2})
    assert desk.ended(edit(re.sub(r"task-wave\w+", str(task_id), address)))["status"] == "failed"


@pytest.mark.parametrize(("before_s", "status"), [(1, "failed"), (3, "completed")])
def test_an_address_must_serve_when_the_task_leaves_its_queue(before_s: int, status: str, desk: Desk) -> None:
    """Which takes it 2 of its 10 seconds."""
    address = desk.drafted()[1]
    desk.advance(7 * DAY_S - before_s)
    answer = desk.ended(edit(address))
    assert answer["status"] == status
    assert ("HTTP 410" in str(answer.get("error"))) is (status == "failed")


def test_addresses_of_other_hosts_are_taken_as_they_are(desk: Desk) -> None:
    answer = desk.ended(edit("https://images.example.com/files/task-wave1/1.png", "http://127.0.0.1:1/a.png"))
    assert (answer["status"], desk.inputs()) == ("completed", ())


def test_the_same_key_with_the_same_image_passed_otherwise_is_the_same_request() -> None:
    with open_desk("signed_url=:60") as desk:
        draft, address = desk.drafted()
        data = desk.data(address)
        first = desk.submit(edit(address), "k")
        desk.advance(90)
        anew = address_in(desk.poll(draft))
        assert anew != address
        assert {desk.submit(edit(passed), "k") for passed in (address, anew, data_uri(data))} == {first}
        answer = desk.submit(edit(desk.drafted(seed=2)[1]), "k")
        assert isinstance(answer, Reply)
        assert (answer.status, json.loads(answer.body)["error"]["code"]) == (409, "idempotency_conflict")
        assert len(desk.simulator.tasks()) == 3


def test_signed_addresses_serve_for_their_time_and_are_new_at_each_answer() -> None:
    with open_desk("signed_url=:60") as desk:
        draft, address = desk.drafted()
        assert desk.poll(draft)["result"]["images"][0]["expires_at"] == desk.clock.now() + 60
        desk.advance(59)
        assert isinstance(desk.fetched(address), bytes)
        desk.advance(1)
        assert desk.fetched(address) == 403
        assert isinstance(desk.fetched(address_in(desk.poll(draft))), bytes)
        desk.advance(7 * DAY_S)
        assert desk.fetched(address_in(desk.poll(draft))) == 410


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [(r"\?.*", ""), (r"Signature=.", "Signature=x"), (r"Expires=\d", "Expires=9"), (r"Expires=\d+", "Expires=²")],
)
def test_a_signed_address_without_its_signature_brings_nothing(pattern: str, instead: str) -> None:
    with open_desk("signed_url") as desk:
        address = re.sub(pattern, instead, desk.drafted()[1])
        assert desk.fetched(address) == 403
        answer = desk.ended(edit(address))
        assert (answer["status"], "HTTP 403" in answer["error"]["message"]) == ("failed", True)


def test_short_lived_files_are_gone_soon_and_listed_on() -> None:
    with open_desk("short_lived=:30") as desk:
        draft, address = desk.drafted()
        images = desk.poll(draft)["result"]["images"]
        assert images[0]["expires_at"] == desk.clock.now() + 30
        desk.advance(30)
        assert desk.poll(draft)["result"]["images"] == images
        assert desk.fetched(address) == 410
        assert desk.ended(edit(address))["status"] == "failed"


def test_some_models_have_short_lived_files_and_others_do_not() -> None:
    with open_desk("short_lived=0.5:30") as desk:
        lives = {model: set[bool]() for model in desk.simulator.catalog.models}
        for model in [*lives, *lives]:
            image = desk.ended({"model": model, "prompt": "a"})["result"]["images"][0]
            lives[model].add(image["expires_at"] < desk.clock.now() + DAY_S)
        assert {len(seen) for seen in lives.values()} == {1}
        assert set.union(*lives.values()) == {True, False}


def test_a_relative_address_and_a_redirect_keep_the_signature(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="signed_url,relative_url=#1,download.redirect") as api:
            task_id = await api.task()
            api.clock.advance(20)
            relative, whole = (await api.urls(task_id))[0], (await api.urls(task_id))[0]
            assert whole.endswith(relative)
            assert "Signature=" in relative
            answer = await api.call("GET", whole, key=None)
            assert answer.status == 307
            assert (await api.call("GET", answer.headers["Location"], key=None)).status == 200

    asyncio.run(scenario())
