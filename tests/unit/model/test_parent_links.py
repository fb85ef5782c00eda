"""References between jobs are whole texts of one form, and are found only in the fields that may hold them."""

from qwave_batch.model.parent_links import ParentLink, image_reference, parent_link, parent_links_in, task_reference

PARENT = "0123456789abcdef"


def test_a_reference_is_read_as_it_was_written() -> None:
    assert parent_link(image_reference(PARENT, 4)) == ParentLink(PARENT, 4)
    assert parent_link(task_reference(PARENT)) == ParentLink(PARENT)


def test_other_texts_are_no_references() -> None:
    texts = (
        "job:0123",
        f"job:{PARENT}#0",
        f"job:{PARENT}#",
        f"see job:{PARENT}",
        f"JOB:{PARENT}",
        f"job:{PARENT}\n",
        7,
    )
    assert [text for text in texts if parent_link(text) is not None] == []


def test_references_count_only_in_the_fields_that_may_hold_them() -> None:
    request = {
        "prompt": image_reference(PARENT, 1),
        "image_urls": ["https://x.example/a.png", image_reference(PARENT, 2)],
    }
    assert list(parent_links_in(request, {"image_urls"})) == [(image_reference(PARENT, 2), ParentLink(PARENT, 2))]
    assert [link.image for _, link in parent_links_in(request)] == [1, 2]
