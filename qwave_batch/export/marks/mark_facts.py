"""The facts that marks state about an image, from the line of the job that made it."""

import hashlib
from dataclasses import dataclass

from qwave_batch.model.input_references import is_reference, texts_in
from qwave_batch.model.record import ImageFile
from qwave_batch.output.manifest_line import ManifestLine

_WRITER_KEY = "prompt_writer"
"""The key of a prompt's ``meta`` that names its writer."""
_RANDOM_SEED = -1
_ON_THE_WEB = ("https://", "http://")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkFacts:
    """The facts about one exported image."""

    job_id: str
    source_sha256: str
    """The hash of the run's own file."""
    model: str
    catalog: str | None
    """The date of the catalog by which the model was asked; None where it is not known."""
    prompt: str
    """Empty for an action without one."""
    negative_prompt: str = ""
    has_prompt: bool = False
    """Whether marks hold the prompt itself; else its hash at most."""
    prompt_writer: str | None = None
    seed: int | None = None
    """None for an image that was made with a random one."""
    width: int
    """Pixels, of the exported image."""
    height: int
    """Pixels, likewise."""
    is_edit: bool = False
    """Whether the image was made from pictures that were given."""

    @property
    def prompt_stated(self) -> str | None:
        """The prompt as a mark states it: itself, or its hash; None for an action without one."""
        if not self.prompt:
            return None
        digest = hashlib.sha256(self.prompt.encode("utf-8", "replace")).hexdigest()
        return self.prompt if self.has_prompt else f"sha256:{digest}"


def facts_for_marks(
    line: ManifestLine, image: ImageFile, *, size: tuple[int, int], catalog: str | None, has_prompt: bool
) -> MarkFacts:
    """Return the facts about an exported image.

    Args:
        line: The job that made it.
        image: The run's own file.
        size: Width and height after the export.
        catalog: The date of the catalog by which the run was planned.
        has_prompt: Whether marks hold the prompt.
    """
    writer, negative, seed = (
        line.meta.get(_WRITER_KEY), line.request.get("negative_prompt"), line.request.get("seed"),
    )  # fmt: skip
    is_seed = isinstance(seed, int) and not isinstance(seed, bool) and seed != _RANDOM_SEED
    return MarkFacts(
        job_id=line.job_id,
        source_sha256=image.sha256,
        model=line.model,
        catalog=catalog,
        prompt=line.prompt,
        negative_prompt=negative if isinstance(negative, str) else "",
        has_prompt=has_prompt,
        prompt_writer=writer if isinstance(writer, str) and writer.strip() else None,
        seed=seed if is_seed and isinstance(seed, int) else None,
        width=size[0],
        height=size[1],
        is_edit=_is_given_pictures(line),
    )


def _is_given_pictures(line: ManifestLine) -> bool:
    """Whether a request names images: files and inline ones stand as references, others by their addresses."""
    told = (text for name, value in line.request.items() if name != "prompt" for text in texts_in(value))
    return any(is_reference(text) or text.startswith(_ON_THE_WEB) for text in told)
