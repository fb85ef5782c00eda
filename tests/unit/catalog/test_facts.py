"""The fields and choices of every model of every catalog: its own are taken, those of other models are not."""

import pytest

from qwave_batch.catalog.catalog_files import catalog_dates, open_catalog
from tests.drawn_requests import MODELS
from tests.every_case import in_one_test

ACTIONS = sorted({action for model in MODELS.values() for action in model.actions})
RATIOS = sorted({ratio for model in MODELS.values() for ratio in model.ratios})
TIERS = sorted({tier for model in MODELS.values() for tier in model.resolutions})
FIELDS = sorted({field for model in MODELS.values() for field in model.fields})


def kinds_of_blame(key: str, field: str, value: str) -> list[str]:
    """Return how a value is blamed for itself, whatever goes with it."""
    request = MODELS[key].normalise({"model": MODELS[key].name, "prompt": "A fox", field: value})
    found = [one.kind for one in MODELS[key].violations(request) if one.field == field]
    return [kind for kind in found if kind in {"unknown_field", "bad_value"}]


@in_one_test("key", MODELS)
@in_one_test(("field", "values"), [("action", ACTIONS), ("aspect_ratio", RATIOS), ("resolution", TIERS)])
def test_a_models_own_choices_and_no_others_are_taken(key: str, field: str, values: list[str]) -> None:
    model = MODELS[key]
    own = {"action": model.actions, "aspect_ratio": model.ratios, "resolution": model.resolutions}[field]
    kind = "bad_value" if own else "unknown_field"
    for value in values:
        is_taken = value in own or (field == "resolution" and value.casefold() in map(str.casefold, own))
        assert kinds_of_blame(key, field, value) == ([] if is_taken else [kind]), value


@in_one_test("key", MODELS)
def test_a_tier_is_sent_in_the_models_own_spelling(key: str) -> None:
    for tier in MODELS[key].resolutions:
        for written in (tier, tier.upper(), tier.lower()):
            assert MODELS[key].normalise({"resolution": written}) == {"resolution": tier}


@in_one_test("key", MODELS)
def test_fields_of_other_models_are_refused(key: str) -> None:
    model = MODELS[key]
    for field in set(FIELDS) - set(model.fields):
        found = model.violations({"model": model.name, "prompt": "A fox", field: 1})
        assert [(one.kind, one.field, one.path) for one in found] == [("unknown_field", field, (field,))]
        assert found[0].message == f'{model.name} takes no field "{field}"'


@pytest.mark.parametrize("date", catalog_dates())
def test_a_catalog_knows_the_fields_of_its_models(date: str) -> None:
    catalog = open_catalog(date)
    every = {field for model in catalog.models.values() for field in model.fields}
    assert catalog.fields == every - catalog.callback_fields
    assert catalog.callback_fields == {"callback_url", "callback_events"}


def test_the_catalogs_have_these_numbers_of_models() -> None:
    assert {date: len(open_catalog(date).models) for date in catalog_dates()} == {"2026-05": 17, "2026-10": 44}
