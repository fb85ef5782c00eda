"""XMP packets: read, written, and added to without a change of what is there.

A packet is RDF in XML. Properties are added to an existing one as a description of their own, in front of the end of
its RDF; a property that it has already stays as it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from qwave_batch.imaging.metadata.metadata_parts import MAX_TEXT_BYTES

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC_EXTENSION: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
XMP_NOTE: Final = "http://ns.adobe.com/xmp/note/"
OWN: Final = "urn:qwave-batch:xmp:1:"
"""The namespace of the properties by which a job is found again."""
_PREFIXES = {IPTC_EXTENSION: "Iptc4xmpExt", XMP_NOTE: "xmpNote", OWN: "qwave"}
_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_END = '\n<?xpacket end="w"?>'
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DEPTH_OF_DESCRIPTIONS = 1
"""Below the element of the RDF; properties are one deeper."""
_MOST_VALUE = 1_000_000
_MOST_PROPERTIES = 10_000


class NotMergeable(Exception):
    """A packet can't be added to: it is not XMP, or in a form that is not read."""


@dataclass(frozen=True, slots=True)
class XmpProperty:
    """One property with a plain text as its value."""

    namespace: str
    name: str
    value: str


@dataclass(slots=True)
class PacketReading:
    """The content of a packet, as far as it matters here."""

    about: str = ""
    """How its descriptions name the image."""
    values: dict[tuple[str, str], str] = field(default_factory=dict)
    """The texts of its properties, by namespace and name; of those that are not plain texts, what is in them."""
    end: int = -1
    """The first byte of the end of its RDF; -1 where it has none."""


def read_packet(packet: bytes) -> PacketReading:
    """Return the reading of a packet.

    Raises:
        NotMergeable: it is not XML in UTF-8, or has a document type, which XMP never has.
    """
    if len(packet) > MAX_TEXT_BYTES:
        raise NotMergeable
    reader = _PacketReader()
    reader.parse(packet.rstrip(b"\0"))
    return reader.reading


def new_packet(properties: Sequence[XmpProperty]) -> bytes:
    """Return a packet of its own."""
    return f"{_BEGIN}{_tree(properties)}{_END}".encode()


def extension_packet(properties: Sequence[XmpProperty]) -> bytes:
    """Return the extension of a packet."""
    return _tree(properties).encode()


def merged_packet(packet: bytes, properties: Sequence[XmpProperty]) -> bytes:
    """Return a packet with the properties that it does not have yet; the rest of it stays byte for byte.

    Raises:
        NotMergeable: it can't be read.
    """
    reading = read_packet(packet)
    added = [each for each in properties if (each.namespace, each.name) not in reading.values]
    if not added:
        return packet
    if packet[reading.end : reading.end + 2] != b"</":
        raise NotMergeable
    return packet[: reading.end] + f"{_description(added, reading.about)}\n".encode() + packet[reading.end :]


def _tree(properties: Sequence[XmpProperty]) -> str:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        f"<rdf:RDF xmlns:rdf={quoteattr(RDF)}>\n{_description(properties, '')}\n</rdf:RDF>\n</x:xmpmeta>"
    )


def _description(properties: Sequence[XmpProperty], about: str) -> str:
    prefixes: Mapping[str, str] = {each.namespace: _PREFIXES[each.namespace] for each in properties}
    names = "".join(f" xmlns:{prefix}={quoteattr(namespace)}" for namespace, prefix in prefixes.items())
    lines = "".join(_element(f"{prefixes[each.namespace]}:{each.name}", each.value) for each in properties)
    return (
        f"<rdf:Description xmlns:rdf={quoteattr(RDF)} rdf:about={quoteattr(about)}{names}>\n{lines}</rdf:Description>"
    )


def _element(name: str, value: str) -> str:
    text = escape(_NOT_XML.sub("\ufffd", value), {"\r": "&#13;"})
    return f"<{name}>{text}</{name}>\n"


class _PacketReader:
    """Follows the parser through a packet."""

    def __init__(self) -> None:
        self.reading = PacketReading()
        self._path: list[str] = []
        self._rdf_at: int | None = None
        self._property: tuple[str, str] | None = None
        self._parser = expat.ParserCreate("UTF-8", " ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._take_text

    def parse(self, packet: bytes) -> None:
        try:
            self._parser.Parse(packet, True)
        except (expat.ExpatError, ValueError):
            raise NotMergeable from None

    def _refuse(self, *_: object) -> None:
        raise NotMergeable

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        depth = len(self._path) - self._rdf_at if self._rdf_at is not None else 0
        self._path.append(name)
        if self._rdf_at is None:
            if name == f"{RDF} RDF":
                self._rdf_at = len(self._path) - 1
        elif depth == _DEPTH_OF_DESCRIPTIONS:
            self._take_description(attributes)
        elif depth == _DEPTH_OF_DESCRIPTIONS + 1:
            namespace, _, local = name.rpartition(" ")
            self._property = namespace, local
            self._take(self._property, "")

    def _take_description(self, attributes: Mapping[str, str]) -> None:
        for name, value in attributes.items():
            namespace, _, local = name.rpartition(" ")
            if (namespace, local) == (RDF, "about"):
                self.reading.about = self.reading.about or value
            elif namespace != RDF:
                self._take((namespace, local), value)

    def _take(self, name: tuple[str, str], value: str) -> None:
        if len(self.reading.values) == _MOST_PROPERTIES:
            raise NotMergeable
        self.reading.values.setdefault(name, value)

    def _close(self, _: str) -> None:
        self._path.pop()
        if self._rdf_at is None:
            return
        depth = len(self._path) - self._rdf_at
        if depth == _DEPTH_OF_DESCRIPTIONS + 1:
            self._property = None
        elif depth == 0 and self.reading.end < 0:
            self.reading.end = self._parser.CurrentByteIndex

    def _take_text(self, text: str) -> None:
        if self._property is not None:
            held = self.reading.values[self._property]
            if len(held) < _MOST_VALUE:
                self.reading.values[self._property] = held + text
