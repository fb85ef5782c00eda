"""The tasks that the actions of a model go on from, as the catalog of October 2026 states them."""

from qwave_batch.catalog.catalog_files import open_catalog


def test_only_a_model_whose_requests_name_a_task_has_a_chain() -> None:
    chained = {model.name for model in open_catalog("2026-10").models.values() if model.chain is not None}
    assert chained == {model.name for model in open_catalog("2026-10").models.values() if "ref_task_id" in model.fields}
    assert all(model.chain is None for model in open_catalog("2026-05").models.values())


def test_every_action_and_version_of_a_chain_is_one_of_its_model() -> None:
    model = open_catalog("2026-10").models["midjourney"]
    chain = model.chain
    assert chain is not None
    assert {chain.task_field, chain.image_field, chain.version_field} <= model.fields.keys()
    named = {*chain.sources, *chain.versions, *(source for sources in chain.sources.values() for source in sources)}
    assert named <= set(model.actions)
    assert {"zoom", "pan", "inpaint", "modal"} == set(chain.sources)
    versions = model.fields[chain.version_field]["enum"]
    assert isinstance(versions, list)
    assert {version for allowed in chain.versions.values() for version in allowed} <= set(versions)
