"""Drawn specs of several stages, each going on from an earlier one or from none."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from hypothesis import strategies as st

Part: TypeAlias = dict[str, Any]
"""A spec, or a stage of one."""

HEAD = {"version": 1, "name": "trial", "unsupported": "skip"}
FIRST = {"2026-05": ["z-image-turbo", "gpt-image-2", "imagen-4.0"], "2026-10": ["z-image-turbo", "flux-2-pro"]}
"""By catalog, models that make images of texts."""
NEXT = {
    "2026-05": ["gpt-image-2", "wan2.7-image", "doubao-seedream-4.5", "imagen-4.0"],
    "2026-10": ["flux-2-pro", "wan2.7-image", "gpt-image-2", "z-image-turbo"],
}
"""By catalog, models that edit images, and one that does not, whose jobs are skipped."""
TAKES_ONE = "z-image-turbo"
"""A model that takes no number of images."""
MIDJOURNEY = "midjourney"
TEXTS = [
    None, "as a poster", "{{ parent.prompt }}, at night", "{{ parent.prompt }} {{ tone }}",
    "{{ parent.prompt_id }} of {{ parent.model }}", "{{ parent.axes.model }} {{ stage }} {{ repeat }}",
]  # fmt: skip
IMAGES = ["{{ parent.image }}", "{{ parent.images[0] }}", "{{ parent.images[-1] }}"]
REROLL = "reroll"
FOLLOW_UPS = ["upscale", "variation", REROLL, "zoom"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Freedom:
    """The choices that a drawn spec has."""

    has_samples: bool = True
    """Whether a stage may keep only some of its jobs, which depend on the ids of the others."""
    is_always_of_parent: bool = False
    """Whether each later stage sends something of its parents, and asks for it in its own way: no two are alike."""
    has_names_in_texts: bool = True
    """Whether texts may be made of names of prompts and stages, which then change ids."""


FREE = Freedom()


class StagedSpecMaker:
    """Draws the stages of one spec, parents first."""

    def __init__(self, draw: st.DrawFn, freedom: Freedom) -> None:
        self.draw = draw
        self.freedom = freedom
        self.catalog = draw(st.sampled_from(sorted(FIRST)))
        self.stages: list[Part] = []
        self.depth: dict[str, int] = {}
        """By stage, the number of stages before its own in its chain."""

    def spec(self) -> Part:
        for number in range(self.draw(st.sampled_from([1, 2, 3, 3, 4]))):
            names = [stage["name"] for stage in self.stages]
            parent = self.draw(st.sampled_from([*names, *names, None])) if names else None
            self.stages.append(self._later(f"s{number}", parent) if parent else self._first(f"s{number}"))
        return {**HEAD, "catalog": self.catalog, "stages": self.stages}

    def _first(self, name: str) -> Part:
        self.depth[name] = 0
        # texts that differ between the stages and prompts, and one that is the same everywhere
        texts = [f"{name} p{number}" for number in range(self.draw(st.integers(1, 2)))]
        if self.freedom.has_names_in_texts and self.draw(st.booleans()):
            texts.append("everywhere the same")
        stage: Part = {"name": name, "prompts": [{"id": f"{name}-p{n}", "text": text} for n, text in enumerate(texts)]}
        if self.catalog == "2026-10" and self.draw(st.sampled_from([True, False, False])):
            return stage | {"request": {"model": MIDJOURNEY, "action": "imagine"}}
        axes = self._axes(FIRST[self.catalog], most=2)
        if "tone" in axes:
            stage["prompts"] = [{**prompt, "text": prompt["text"] + " {{ tone }}"} for prompt in stage["prompts"]]
        return stage | {"matrix": axes} | self._rest()

    def _later(self, name: str, parent: str) -> Part:
        self.depth[name] = self.depth[parent] + 1
        stage: Part = {"name": name, "from_stage": parent}
        before = next(each for each in self.stages if each["name"] == parent)
        if before.get("request", {}).get("model") == MIDJOURNEY:
            actions, own = FOLLOW_UPS, len(self.stages)
            if self.freedom.is_always_of_parent:
                actions = [action for action in actions if action != REROLL]
            action = self.draw(st.sampled_from(actions))
            number = {} if action == REROLL else {"index": own if self.freedom.is_always_of_parent else 1}
            request = {"model": MIDJOURNEY, "action": action, "ref_task_id": "{{ parent.task }}", **number}
            return stage | {"request": request} | self._where(before)
        axes = self._axes(NEXT[self.catalog], most=2 if self.depth[name] == 1 else 1)
        texts = TEXTS if self.freedom.has_names_in_texts else TEXTS[:4]
        text = self.draw(st.sampled_from([one for one in texts if ("tone" in (one or "")) == ("tone" in axes)]))
        if self.freedom.is_always_of_parent:
            text = f"{text or ''} {name}"
        if text:
            stage["text"] = text
        ways = IMAGES + ["{{ parent.parent.image }}"] * (self.depth[name] > 1)
        used = self.draw(st.sampled_from([["{{ parent.image }}"], [self.draw(st.sampled_from(ways))], IMAGES[1:]]))
        if self.freedom.is_always_of_parent or self.draw(st.sampled_from([True, True, True, False])):
            images = [*IMAGES[:1], *used] if self.freedom.is_always_of_parent else used
            stage["request"] = {"action": "edit", "image_urls": images}
        return stage | {"matrix": axes} | self._rest() | self._where(before)

    def _axes(self, models: list[str], *, most: int) -> Part:
        """Draw axes, at most two of which have more than one value, and none with more than ``most``."""
        axes: Part = {"model": self.draw(st.lists(st.sampled_from(models), unique=True, min_size=1, max_size=most))}
        if self.draw(st.booleans()):
            axes["seed"] = self.draw(st.lists(st.integers(1, 3), unique=True, min_size=1, max_size=most))
        if self.draw(st.booleans()):
            axes["tone"] = [self.draw(st.sampled_from(["warm", "cold"]))]
        if TAKES_ONE not in axes["model"] and self.draw(st.booleans()):
            axes["n"] = [self.draw(st.integers(1, 2))]
        return axes

    def _rest(self) -> Part:
        choices: list[Part] = [{}, {}, {"repeat": 2}, {"duplicates": "keep"}]
        if self.freedom.has_samples:
            choices.append({"sample": {"count": 3, "seed": 1}})
        return self.draw(st.sampled_from(choices))

    def _where(self, before: Part) -> Part:
        models: list[str] = before.get("matrix", {}).get("model", [MIDJOURNEY])
        of_model = f"{{{{ parent.axes.model | default('') != '{models[0]}' }}}}"
        wheres = [None, None, of_model, "{{ 'p0' in parent.prompt }}"]
        where = self.draw(st.sampled_from(wheres))
        return {"where": where} if where else {}


@st.composite
def staged_specs(draw: st.DrawFn, freedom: Freedom = FREE) -> Part:
    """Draw a spec with stages, most of whose jobs can be made."""
    return StagedSpecMaker(draw, freedom).spec()
