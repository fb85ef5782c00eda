"""The XMP properties that state where an image comes from: IPTC's, which other tools read, and our own."""

from collections.abc import Iterator
from typing import Final

from qwave_batch.export.marks.mark_facts import MarkFacts
from qwave_batch.export.marks.xmp_packet import IPTC_EXTENSION, OWN, XmpProperty

_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_MADE, _EDITED = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"
PROMPT_PROPERTY: Final = "AIPromptInformation"
JOB_PROPERTY: Final = "JobID"
SOURCE_PROPERTY: Final = "SourceSHA256"


def provenance_properties(facts: MarkFacts) -> tuple[XmpProperty, ...]:
    """Return the properties of an image, those that are not known left out."""
    return tuple(_properties(facts))


def _properties(facts: MarkFacts) -> Iterator[XmpProperty]:
    def of_iptc(name: str, value: str | None) -> Iterator[XmpProperty]:
        if value:
            yield XmpProperty(IPTC_EXTENSION, name, value)

    yield from of_iptc("DigitalSourceType", _SOURCE_TYPES + (_EDITED if facts.is_edit else _MADE))
    yield from of_iptc("AISystemUsed", facts.model)
    yield from of_iptc("AISystemVersionUsed", facts.catalog)
    yield from of_iptc(PROMPT_PROPERTY, facts.prompt_stated)
    yield from of_iptc("AIPromptWriterName", facts.prompt_writer)
    yield XmpProperty(OWN, JOB_PROPERTY, facts.job_id)
    yield XmpProperty(OWN, SOURCE_PROPERTY, facts.source_sha256)
