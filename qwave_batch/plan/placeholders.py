"""What other tools would fill in, and this one sends as it stands: choices, wildcards, variables, single braces."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from qwave_batch.spec.literals import TAG
from qwave_batch.spec.words import cut

_FOREIGN = re.compile(
    rf"\$\{{[^{{}}{TAG}\n]{{1,100}}\}}"
    rf"|\{{(?![\"'])[^{{}}|{TAG}]{{0,500}}\|[^{{}}{TAG}]{{0,500}}\}}"
    r"|(?<!\w)__[A-Za-z*][\w/.*-]{0,98}?__(?![\w(])"
)
_SINGLE = re.compile(rf"\$?\{{([^{{}}|{TAG}\n]{{1,120}})\}}")
_FORMAT = re.compile(r"[!:][^!:]*$")
"""What Python lets stand behind a name in braces."""
_OTHER = re.compile(
    rf"(?<![\w.])row\.([^\W\d]\w{{0,100}})(?![\w(])|(?<![\w.])row\[[\"']([^\"'{TAG}\n]{{1,100}})[\"']\]"
    rf"|\$(\w{{1,100}})|%\((\w{{1,100}})\)[a-z]?|<([^<>{TAG}\n]{{1,100}})>|(?<!\[)\[([^\[\]{TAG}\n]{{1,100}})\](?!\])"
)
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_SHOWN = 3
CHOICES = "choices are an axis of your own in the matrix, or rows of a table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Misspelt:
    """A name of the spec that stands in a text in the signs of another language."""

    written: str
    name: str
    is_column: bool
    is_braced: bool
    """Whether it stands in single braces, which have no other use in most texts, or is all of the text."""

    @property
    def guess(self) -> str:
        """What is to be written."""
        if not self.is_column:
            return f"{{{{ {self.name} }}}}"
        return f"{{{{ row.{self.name} }}}}" if _IDENTIFIER.fullmatch(self.name) else f'{{{{ row["{self.name}"] }}}}'


def foreign_in(text: str) -> list[str]:
    """Return the choices, wildcards and variables of the environment in a text, each once."""
    if "{" not in text and "__" not in text:
        return []
    return list(dict.fromkeys(_FOREIGN.findall(text)))


def is_of_environment(written: str) -> bool:
    """Whether it is what a shell would fill in from its environment."""
    return written.startswith("$")


def sent_words(found: list[str]) -> str:
    """Return the sentence about choices and wildcards in a text."""
    listed = " and ".join(f'"{cut(written, 60)}"' for written in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    return f"{listed}{more} {'is sent as it stands' if len(found) == 1 else 'are sent as they stand'}"


def environment_words(written: str) -> tuple[str, str]:
    """Return the sentence about ``${NAME}``, and the way out."""
    name = re.split(r"\W", written[2:-1].strip(), maxsplit=1)[0] or "NAME"
    ours = name.lower()
    return (
        f'"{cut(written, 60)}" is sent as it stands: a spec reads no environment',
        f'write {{{{ {ours} }}}} and --set "vars.{ours}=${name}"',
    )


def misspelt_in(text: str, columns: Collection[str], names: Collection[str]) -> Iterator[Misspelt]:
    """Yield the columns in a text that stand in the signs of other languages, and the other names in single braces."""
    seen = set[str]()
    by_case: dict[str, str] = {}
    for found in _SINGLE.finditer(text) if "{" in text else ():
        if found[0] in seen or _is_doubled(text, found):
            continue
        seen.add(found[0])
        by_case = by_case or {column.casefold(): column for column in columns}
        whole = found[1].strip().removeprefix("row.")
        name = whole if whole in columns else _FORMAT.sub("", whole).strip()
        column = name if name in columns else by_case.get(name.casefold())
        if column is not None:
            is_exact = column == name and not found[0].startswith("$")
            yield Misspelt(written=found[0], name=column, is_column=True, is_braced=is_exact)
        elif name in names:
            yield Misspelt(written=found[0], name=name, is_column=False, is_braced=True)
    if not columns:
        return
    for found in _OTHER.finditer(text):
        name = next(part for part in found.groups() if part)
        if name in columns and found[0] not in seen:
            seen.add(found[0])
            is_all = found[0].startswith("row") and found[0] == text.strip()
            yield Misspelt(written=found[0], name=name, is_column=True, is_braced=is_all)


def _is_doubled(text: str, found: re.Match[str]) -> bool:
    return text[found.start() - 1 : found.start()] == "{" or text[found.end() : found.end() + 1] == "}"
