"""Addresses of datasets on the Hub: one form, and for all others a sentence that says what is wrong."""

import pytest

from qwave_batch.errors import UsageError
from qwave_batch.hub.hub_address import HubDataset, read_hub_address


@pytest.mark.parametrize(
    ("text", "owner", "name"),
    [
        ("hf://datasets/ada/teahouse", "ada", "teahouse"),
        ("hf://datasets/tea-house.org/Ab_1.2/", "tea-house.org", "Ab_1.2"),
    ],
)
def test_an_address_names_an_owner_and_a_dataset(text: str, owner: str, name: str) -> None:
    assert read_hub_address(text) == HubDataset(owner, name)
    assert str(read_hub_address(text)) == text.rstrip("/")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "an address on the Hub begins with hf://datasets/"),
        ("ada/teahouse", "begins with hf://datasets/"),
        ("s3://bucket/prefix", "begins with hf://datasets/"),
        ("https://huggingface.co/datasets/ada/teahouse", "begins with hf://datasets/"),
        ("hf://models/ada/teahouse", "models hold other things; write hf://datasets/OWNER/NAME"),
        ("hf://ada/teahouse", 'lacks the word "datasets"; write hf://datasets/ada/teahouse'),
        ("hf://dataset/ada/teahouse", 'lacks the word "datasets"'),
        ("hf://datasets", "names no owner and no dataset"),
        ("hf://datasets/", "names no owner and no dataset"),
        ("hf://datasets/teahouse", "lacks the owner"),
        ("hf://datasets//teahouse", '"" cannot be the name of an owner'),
        ("hf://datasets/ada/teahouse/data", "goes on after the dataset's name; write hf://datasets/ada/teahouse"),
        ("hf://datasets/ada/teahouse@dev", "names a revision"),
        ("hf://datasets/ada/tea house", '"tea house" cannot be the name of a dataset'),
        ("hf://datasets/ada/-tea", "begins and ends with"),
        ("hf://datasets/ada/tea--house", 'neither "--"'),
        ("hf://datasets/ada/tea.git", '".git"'),
        ("hf://datasets/ada/tea\n", "cannot be the name"),
        ("hf://datasets/ada/" + "a" * 97, "at most 96 characters"),
    ],
)
def test_another_address_is_refused_with_what_to_write(text: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_hub_address(text)
    assert words in str(raised.value)
    assert "hf://datasets/" in str(raised.value)
