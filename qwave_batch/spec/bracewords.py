"""How to write braces that belong to the prompt, for a template that they keep from parsing."""

import re

from qwave_batch.spec.words import cut

_THREE = re.compile(r"\{{3,}[^{}\n]*\}*")
_TAG = re.compile(r"\{%[-+]?\s*(\w*)")
_TAG_WORDS = frozenset(
    {
        "autoescape", "block", "call", "elif", "else", "endautoescape", "endblock", "endcall", "endfilter",
        "endfor", "endif", "endmacro", "endraw", "endset", "endwith", "extends", "filter", "for", "from", "if",
        "import", "include", "macro", "raw", "set", "with",
    }
)  # fmt: skip
_SHOWN = 40


def braces_as_text(source: str) -> str | None:
    """Return how to write the braces of a template that does not parse, where they may belong to the prompt."""
    found = _meant_as_text(source)
    if found is None:
        return None
    three = "three braces: " if found.startswith("{{{") else ""
    return (
        f"{three}for braces that belong to the prompt write {{% raw %}}{cut(found, _SHOWN)}{{% endraw %}}, "
        "or put the text into a table, whose cells are data"
    )


def _meant_as_text(source: str) -> str | None:
    """Return the braces, with what follows them, that are surely or likely no tag."""
    three = _THREE.search(source)
    if three:
        return three[0]
    for opening, closing in (("{#", "#}"), ("{%", "%}")):
        last = source.rfind(opening)
        if last >= 0 and closing not in source[last:]:
            return _from(source, last)
    for tag in _TAG.finditer(source):
        if tag[1] not in _TAG_WORDS:
            return _from(source, tag.start())
    return None


def _from(source: str, start: int) -> str:
    """Return the braces with the word behind them."""
    return re.match(r"\{[%#{][-+]?\s*[^\s{}]*(?:\s*[%}]\})?", source[start:])[0]  # type: ignore[index]  # it begins so
