"""Text and tags in a string of a spec: which braces are template, and which may be meant for the prompt."""

import re
from collections.abc import Iterator

from jinja2 import Environment, TemplateSyntaxError

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.value_messages import cut_for_message

OPENINGS = ("{{", "{%", "{#")
"""A string that contains one of these is a template."""

TAG = "\0"
"""Placeholder for a tag in literal text."""

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

LEXER = Environment(autoescape=True, keep_trailing_newline=True)
"""Splits templates into tokens; it renders nothing."""


def is_template(text: str) -> bool:
    """Whether the text contains a tag."""
    return any(opening in text for opening in OPENINGS)


def literal_text(source: str) -> str:
    """Return a text with ``TAG`` in place of its tags and raw parts, and without comments."""
    return "".join(_literals(source)) if is_template(source) else source


def raw_text(source: str) -> str:
    """Return the raw parts of a template, which its author wants unchanged."""
    return TAG.join(_raw(source)) if "raw" in source and is_template(source) else ""


def _literals(source: str) -> Iterator[str]:
    is_raw = False
    for kind, value in _tokens(source):
        if kind == "data" and not is_raw:
            yield value
        elif kind in {"variable_begin", "block_begin", "raw_begin"}:
            yield TAG
        is_raw = kind == "raw_begin" or (is_raw and kind != "raw_end")


def _raw(source: str) -> Iterator[str]:
    is_raw = False
    for kind, value in _tokens(source):
        if kind == "data" and is_raw:
            yield value
        is_raw = kind == "raw_begin" or (is_raw and kind != "raw_end")


def unspaced_comments(value: Json) -> Iterator[str]:
    """Yield the comments of the templates in a value that have no space after ``{#``.

    ``{# like this #}`` is clearly a comment; ``{#main#}`` may be meant for the prompt.
    """
    if isinstance(value, str):
        if "{#" in value:
            yield from _unspaced(value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from unspaced_comments(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from unspaced_comments(item)


def _unspaced(source: str) -> Iterator[str]:
    begins = ""
    for kind, value in _tokens(source):
        if kind == "comment_begin":
            begins = value
        elif kind == "comment" and begins == "{#" and value[:1].strip():
            yield f"{{#{value}#}}"


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    """Yield kind and text of the tokens of a template, up to the first mistake."""
    try:
        for _, kind, value in LEXER.lex(source):
            yield kind, value
    except TemplateSyntaxError:
        return


def braces_as_text(source: str) -> str | None:
    """Return how to write the braces of a template that does not parse, if they may belong to the prompt; else None."""
    found = _meant_as_text(source)
    if found is None:
        return None
    three = "three braces: " if found.startswith("{{{") else ""
    return (
        f"{three}if the braces belong to the prompt, write {{% raw %}}{cut_for_message(found, _SHOWN)}{{% endraw %}}, "
        "or put the text into a table, where cells are never templates"
    )


def _meant_as_text(source: str) -> str | None:
    """Return the braces that are probably not a tag, with the text after them."""
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
    """Return the braces with the word after them."""
    return re.match(r"\{[%#{][-+]?\s*[^\s{}]*(?:\s*[%}]\})?", source[start:])[0]  # type: ignore[index]  # it matches at its start
