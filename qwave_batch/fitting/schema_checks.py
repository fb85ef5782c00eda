"""Single checks of JSON values, as the keywords of JSON Schema mean them."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any], bool]
"""Whether a value fits."""


class UnknownUse(Exception):
    """A keyword, or a use of one, that is not known here."""


def always(_value: Any) -> bool:
    """Fit, whatever it is."""
    return True


def never(_value: Any) -> bool:
    """Fit never."""
    return False


def _is_object(value: Any) -> bool:
    return type(value) is dict or isinstance(value, Mapping)  # the second takes ten times as long


def _is_array(value: Any) -> bool:
    return isinstance(value, list | tuple)


def is_number(value: Any) -> bool:
    """Whether JSON Schema calls a value a number: finite, and not a truth value."""
    if type(value) is int:  # as most are
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_integer(value: Any) -> bool:
    """Whether JSON Schema calls a value an integer, as it does 1.0."""
    if type(value) is int:
        return True
    if isinstance(value, float):
        return value.is_integer()  # to JSON 1.0 is an integer
    return isinstance(value, int) and not isinstance(value, bool)


_TYPES: Mapping[str, Check] = {
    "array": _is_array,
    "boolean": lambda value: isinstance(value, bool),
    "integer": is_integer,
    "null": lambda value: value is None,
    "number": is_number,
    "object": _is_object,
    "string": lambda value: isinstance(value, str),
}


def _type(wanted: str | Sequence[str]) -> Check:
    if isinstance(wanted, str):
        return _TYPES[wanted]
    return any_of([_TYPES[name] for name in wanted])


def _enum(wanted: Sequence[Any]) -> Check:
    texts = frozenset(value for value in wanted if isinstance(value, str))
    others = [_const(value) for value in wanted if not isinstance(value, str)]
    return lambda value: value in texts if isinstance(value, str) else any(check(value) for check in others)


def _const(wanted: Any) -> Check:
    if wanted is None or isinstance(wanted, bool):
        return lambda value: value is wanted
    if isinstance(wanted, str):
        return lambda value: isinstance(value, str) and value == wanted
    if isinstance(wanted, int | float):  # 1 is 1.0, and neither is true
        return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value == wanted
    raise UnknownUse(wanted)


def _required(names: Sequence[str]) -> Check:
    wanted = frozenset(names)
    return lambda value: not _is_object(value) or value.keys() >= wanted


def _pattern(pattern: str) -> Check:
    found = re.compile(pattern).search
    return lambda value: not isinstance(value, str) or found(value) is not None


PLAIN: Mapping[str, Callable[[Any], Check]] = {
    "const": _const,
    "enum": _enum,
    "exclusiveMinimum": lambda least: lambda value: not is_number(value) or value > least,
    "maxItems": lambda most: lambda value: not _is_array(value) or len(value) <= most,
    "maxLength": lambda most: lambda value: not isinstance(value, str) or len(value) <= most,
    "maximum": lambda most: lambda value: not is_number(value) or value <= most,
    "minItems": lambda least: lambda value: not _is_array(value) or len(value) >= least,
    "minLength": lambda least: lambda value: not isinstance(value, str) or len(value) >= least,
    "minProperties": lambda least: lambda value: not _is_object(value) or len(value) >= least,
    "minimum": lambda least: lambda value: not is_number(value) or value >= least,
    "pattern": _pattern,
    "required": _required,
    "type": _type,
}
"""Keywords that stand for themselves."""


def all_of(checks: Sequence[Check]) -> Check:
    """Return the check that all of the checks hold."""
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:  # noqa: PLR2004 - the most frequent number
        first, second = checks
        return lambda value: first(value) and second(value)

    def check(value: Any) -> bool:
        for part in checks:  # noqa: SIM110 - in a third of the time
            if not part(value):
                return False
        return True

    return check if checks else always


def any_of(checks: Sequence[Check]) -> Check:
    """Return the check that one of the checks holds, or more."""

    def check(value: Any) -> bool:
        for part in checks:  # noqa: SIM110 - as above
            if part(value):
                return True
        return False

    return check


def exactly_one_of(checks: Sequence[Check]) -> Check:
    """Return the check that exactly one of the checks holds."""
    return lambda value: sum(check(value) for check in checks) == 1


def choice(condition: Check, then: Check, otherwise: Check) -> Check:
    """Return the check of ``if``, ``then`` and ``else``."""
    return lambda value: then(value) if condition(value) else otherwise(value)


def items_fit(check: Check) -> Check:
    """Return the check of each item of a list."""
    return lambda value: not value or not _is_array(value) or all(map(check, value))


def names_fit(check: Check) -> Check:
    """Return the check of each key of a mapping."""
    return lambda value: not isinstance(value, Mapping) or all(check(name) for name in value)


def members_fit(own: Mapping[str, Check], other: Check) -> Check:
    """Return the check of each value of a mapping: by its own name, or like all others."""
    named = [(name, check) for name, check in own.items() if check is not always]

    def check_named(value: Any) -> bool:
        if not _is_object(value):
            return True
        for name, fits in named:  # noqa: SIM110 - as above
            if name in value and not fits(value[name]):
                return False
        return True

    def check(value: Any) -> bool:
        if not _is_object(value):
            return True
        for name, item in value.items():  # noqa: SIM110 - as above
            if not own.get(name, other)(item):
                return False
        return True

    return check_named if other is always else check
