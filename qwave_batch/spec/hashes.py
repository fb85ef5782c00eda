"""A value that can hold no comment, such as that of ``--set``: its # is a sign like any other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from qwave_batch.model.problem import Problem
from qwave_batch.spec.layers import Layer
from qwave_batch.spec.marks import Mark


@dataclass(frozen=True, slots=True)
class HashesAsText:
    """Takes each # out of a value before it is read as YAML, and puts it back into what was read."""

    sign: str
    """What stands there in the meantime: one of Unicode's private signs, so that places stay what they are."""

    @staticmethod
    def of(text: str) -> "HashesAsText":
        """Return what does it for a text, with a sign that the text does not have."""
        return HashesAsText(next(sign for sign in map(chr, range(0xE000, 0xF8FF)) if sign not in text))

    def taken_out(self, text: str) -> str:
        """Return the text without #, but for lines behind the first that begin with it, which are comments."""
        first, *others = text.split("\n")
        lines = (line if line.lstrip().startswith("#") else self._without(line) for line in others)
        return "\n".join((self._without(first), *lines))

    def put_back(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return problems that name the text as it is."""
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
        """Return what was read with every # in its texts and keys."""
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
