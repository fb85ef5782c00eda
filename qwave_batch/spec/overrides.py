"""``--set path.to.key=value``: changes to a spec from the command line."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from qwave_batch.errors import SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.inputs.text_encoding import decode_spec
from qwave_batch.spec.layers import Layer, removes, without
from qwave_batch.spec.values.value_messages import type_name
from qwave_batch.spec.values.value_path import ValuePath, path_text
from qwave_batch.spec.yaml.source_map import Mark, SourceNote
from qwave_batch.spec.yaml.yaml_reader import read_yaml

SHOWN_AS = "--set"
_STEP = re.compile(r'"([^"]*)"|\[(\d+)\]|([^.="\[\]]+)')


@dataclass(frozen=True, slots=True)
class HashesAsText:
    """Replaces each # in a value before it is read as YAML, and restores it in the result."""

    sign: str
    """The placeholder: a single private-use character, so that columns stay the same."""

    @staticmethod
    def of(text: str) -> "HashesAsText":
        """Return a replacer for a text, with a placeholder that the text does not contain."""
        return HashesAsText(next(sign for sign in map(chr, range(0xE000, 0xF8FF)) if sign not in text))

    def taken_out(self, text: str) -> str:
        """Return the text without #, except for lines after the first that start with #, which are comments."""
        first, *others = text.split("\n")
        lines = (line if line.lstrip().startswith("#") else self._without(line) for line in others)
        return "\n".join((self._without(first), *lines))

    def put_back(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return the problems with # restored."""
        return [
            replace(
                found,
                message=self._with(found.message),
                path=self._with(found.path),
                value=self._with(found.value) if isinstance(found.value, str) else found.value,
                suggestion=self._with(found.suggestion) if found.suggestion else None,
            )
            for found in problems
        ]

    def put_back_in(self, layer: Layer) -> Layer:
        """Return the layer with # restored in its strings and keys."""
        below = layer.mark.below
        match layer.value:
            case str() as text:
                return replace(layer, value=self._with(text))
            case Mapping() as fields:
                parts = {self._with(key): self.put_back_in(Layer(item, below[key])) for key, item in fields.items()}
                marks: dict[str | int, Mark] = {key: part.mark for key, part in parts.items()}
                return Layer({key: part.value for key, part in parts.items()}, replace(layer.mark, below=marks))
            case list() as items:
                listed = [self.put_back_in(Layer(item, below[number])) for number, item in enumerate(items)]
                marks = {number: part.mark for number, part in enumerate(listed)}
                return Layer([part.value for part in listed], replace(layer.mark, below=marks))
            case _:
                return layer

    def _without(self, text: str) -> str:
        return text.replace("#", self.sign)

    def _with(self, text: str) -> str:
        return text.replace(self.sign, "#")


def apply_overrides(layer: Layer, overrides: Sequence[str]) -> tuple[Layer, list[Problem]]:
    """Return the layer with all overrides applied in order, and the problems of those that are not valid.

    In their places, the line is the number of the ``--set`` and the column that in its argument.
    """
    problems: list[Problem] = []
    for number, argument in enumerate(overrides, start=1):
        try:
            layer = _made(layer, argument, number)
        except SpecError as error:
            problems.extend(error.problems)
    return layer, problems


def _made(layer: Layer, argument: str, number: int) -> Layer:
    if any("\ud800" <= character <= "\udfff" for character in argument):
        raise _wrong("the argument is not UTF-8", SourcePlace(SHOWN_AS, number))
    steps, begins = _parsed(argument, number)
    if steps[0] == "extends":
        message = "an override cannot change extends, which is followed before any override is applied"
        raise _wrong(message, SourcePlace(SHOWN_AS, number), "change it in the spec")
    # leading newlines and spaces give the value its line and column in the argument
    hashes = HashesAsText.of(argument)
    text = "\n" * (number - 1) + " " * begins + hashes.taken_out(argument[begins:])
    try:
        reading = read_yaml(decode_spec(text.encode("utf-8"), SHOWN_AS), SHOWN_AS)
    except SpecError as error:
        raise _below(steps, hashes.put_back(error.problems)) from None
    if reading.problems:
        raise _below(steps, hashes.put_back(reading.problems))
    place = SourcePlace(SHOWN_AS, number)
    new = Layer(reading.value, replace(reading.mark, key=place))
    return _placed(layer, steps, (), hashes.put_back_in(new), place)


def _parsed(argument: str, number: int) -> tuple[list[str], int]:
    """Return the steps of the path and the index at which the value begins."""
    steps: list[str] = []
    position = 0
    while step := _STEP.match(argument, position):
        steps.append(next(group for group in step.groups() if group is not None))
        position = step.end()
        if argument[position : position + 1] == ".":
            position += 1
        elif argument[position : position + 1] != "[":
            break
    if not steps or argument[position : position + 1] != "=":
        shown = argument if len(argument) <= 60 else argument[:59] + "…"  # noqa: PLR2004
        message = f'"{shown}" is not a valid override'
        raise SpecError(
            [
                Problem(
                    message=message,
                    place=SourcePlace(SHOWN_AS, number, position + 1),
                    suggestion="write path.to.key=value, such as prompts.0.text=A cat",
                )
            ]
        )
    if not argument[position + 1 :].strip():
        message = "there is no value after the ="
        raise SpecError(
            [
                Problem(
                    message=message,
                    place=SourcePlace(SHOWN_AS, number, position + 2),
                    suggestion='write "" for an empty string',
                )
            ]
        )
    return steps, position + 1


def _placed(layer: Layer, steps: Sequence[str], done: ValuePath, new: Layer, place: SourcePlace) -> Layer:
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    if done == ("catalog",) and isinstance(layer.value, str):
        layer = _date_by_name(layer)
    match layer.value:
        case Mapping():
            at_hand = layer.value.get(step, {})
            below = Layer(at_hand, layer.mark.below.get(step, Mark(place=place, key=place)))
            if not rest and at_hand is not None and step in layer.value and removes(new, (*done, step)):
                return without(layer, step)
            put = _placed(below, rest, (*done, step), new, place)
            if put.value == {} and at_hand != {} and new.value is None:
                return without(layer, step)  # it has lost its last key
            if step not in layer.value:
                added = replace(put.mark.note or SourceNote(place), is_added=True)
                put = replace(put, mark=replace(put.mark, note=added))
            fields = {**layer.value, step: put.value}
            marks = {**layer.mark.below, step: replace(put.mark, key=put.mark.key or place)}
            return Layer(fields, replace(layer.mark, below=marks))
        case list():
            index = _index(step, layer.value, done, place)
            put = _placed(Layer(layer.value[index], layer.mark.below[index]), rest, (*done, index), new, place)
            items = [*layer.value[:index], put.value, *layer.value[index + 1 :]]
            return Layer(items, replace(layer.mark, below={**layer.mark.below, index: replace(put.mark, key=None)}))
        case _:
            raise _wrong(f'{path_text(done)} is {type_name(layer.value)} and has no key "{step}"', place)


def _date_by_name(layer: Layer) -> Layer:
    """Return a catalog that is only a date in the form that has room for more."""
    return Layer({"date": layer.value}, replace(layer.mark, below={"date": replace(layer.mark, key=layer.mark.place)}))


def _index(step: str, items: Sequence[Json], done: ValuePath, place: SourcePlace) -> int:
    where = path_text(done)
    if not step.isdecimal():
        key = "name" if done == ("stages",) else "id"
        names = [item.get(key) if isinstance(item, Mapping) else None for item in items]
        guess = names.index(step) if step in names else None
        hint = f"write {where}.{guess}" if guess is not None else "use an index, counting from 0"
        raise _wrong(f'{where} is a list, and "{step}" is not an index', place, hint)
    index = int(step[:9])
    if index >= len(items):
        raise _wrong(f"{where} has no item {step}; it has {len(items)}, counting from 0", place)
    return index


def _below(steps: Sequence[str], problems: Sequence[Problem]) -> SpecError:
    """Return the problems of a value with the path to the value before their own paths."""
    where = path_text(tuple(int(step[:9]) if step.isdecimal() else step for step in steps))
    return SpecError(
        [replace(problem, path=f"{where}{'.' * bool(problem.path)}{problem.path}") for problem in problems]
    )


def _wrong(message: str, place: SourcePlace, suggestion: str | None = None) -> SpecError:
    return SpecError([Problem(message=message, place=place, suggestion=suggestion)])
