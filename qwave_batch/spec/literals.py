"""What of a template is text that stands as it is, and what its comments are."""

from collections.abc import Iterator

from jinja2 import Environment, TemplateSyntaxError

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.sandbox import SpecEnvironment
from qwave_batch.spec.templates import is_template

TAG = "\0"
"""Stands for a tag in the text around it."""

_ENVIRONMENT: Environment = SpecEnvironment()


def literal_text(source: str) -> str:
    """Return a text with ``TAG`` in the place of its tags and of what is marked as raw; a comment is nothing."""
    return "".join(_literals(source)) if is_template(source) else source


def raw_text(source: str) -> str:
    """Return what a template marks as raw: its author means it as it stands."""
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
    """Yield the comments of the templates in a value that begin right behind their ``{#``, as they are written.

    A comment ``{# like this #}`` is meant; ``{#main#}`` may have been meant for the prompt.
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
    """Yield kind and text of the parts of a template; one that does not parse has none behind its mistake."""
    try:
        for _, kind, value in _ENVIRONMENT.lex(source):
            yield kind, value
    except TemplateSyntaxError:
        return
