"""The simulator judges a request as the client does, field and all, whatever the model and its catalog."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwave_batch.catalog.catalog_files import catalog_dates, open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_faults
from qwave_batch.simulator.api_calls import Caller
from tests.drawn_requests import MODELS, requests

CALLER = Caller(account="a", origin="http://127.0.0.1", elsewhere="")
STRANGE: list[Any] = [
    None, True, 0, -1, 1, 2, 5, 1.5, "", "auto", "1K", "1k", "2:1", [], ["https://x.example/a.png"], {}
]  # fmt: skip
"""A value of each kind."""
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)
drawn = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def simulators() -> Iterator[dict[str, Simulator]]:
    """Each model's simulator, one for a catalog; images often come in smaller numbers or not at all."""
    behaviour = Behaviour(faults=parse_faults("fewer_images=0.5,no_images=0.1,task_failed=0.1"))
    opened = {date: Simulator(catalog=open_catalog(date), behaviour=behaviour) for date in catalog_dates()}
    yield {key: opened[key.split("/")[0]] for key in MODELS}
    for simulator in opened.values():
        simulator.close()


def agree(simulator: Simulator, key: str, request: dict[str, Any]) -> None:
    """Check that a request is refused exactly when the client's catalog refuses it, with the same field."""
    model = MODELS[key]
    submission = simulator.submit(CALLER, json.dumps(request).encode(), None)
    found = model.violations(request)
    assert (submission.reply.status == 400) == bool(found), request
    if found:
        error = json.loads(submission.reply.body)["error"]
        assert (error["code"], error.get("param", "")) == ("capability_violation", found[0].field)
        assert error["message"] == found[0].message
    if submission.task:
        assert simulator.answer_submit(CALLER, submission.task, waited=False).status == 200


@pytest.mark.parametrize("key", MODELS)
def test_a_value_of_each_kind_in_each_field_gets_one_verdict(key: str, simulators: dict[str, Simulator]) -> None:
    model = MODELS[key]
    for field in sorted({*model.fields, "mask_url", "bbox_list", "resolution", "unheard_of"} - {"model"}):
        for value in STRANGE:
            agree(simulators[key], key, {"model": model.name, "prompt": "a cat", field: value})


@pytest.mark.parametrize("key", MODELS)
@given(data=st.data())
@drawn
def test_a_drawn_request_gets_one_verdict(key: str, data: st.DataObject, simulators: dict[str, Simulator]) -> None:
    """Requests whose values are good by themselves, and such with any values in some fields."""
    request = data.draw(requests(MODELS[key]))
    simulator = simulators[key]
    agree(simulator, key, request)
    fields = st.sampled_from(sorted({*MODELS[key].fields, "x"} - {"model"}))
    agree(simulator, key, request | data.draw(st.dictionaries(fields, JSON, max_size=4)))
