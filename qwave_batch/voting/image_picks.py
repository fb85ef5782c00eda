"""The verdict on each image, of all who picked: the majority decides, ratings are averaged. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from qwave_batch.model.jsontypes import Json
from qwave_batch.voting.vote_lines import Pick, PickVerdict, VotedImage


@dataclass(frozen=True, slots=True)
class PickedImage:
    """The verdict on an image."""

    verdict: PickVerdict | None
    """The verdict of most raters; None where there is none, or as many for as against."""
    rating: float | None
    """The mean of all ratings, from 1 to 5; None where there is none."""


NOT_PICKED = PickedImage(None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPicks:
    """The fate of the images of a model."""

    model: str
    images: int
    """Images with a pick."""
    kept: int
    rejected: int
    rated: int
    mean_rating: float | None

    def as_json(self) -> dict[str, Json]:
        """Return the object of ``--json``."""
        return {
            "model": self.model,
            "images": self.images,
            "keep": self.kept,
            "reject": self.rejected,
            "rated": self.rated,
            "mean_rating": self.mean_rating,
        }


def picked_images(picks: Iterable[Pick]) -> dict[VotedImage, PickedImage]:
    """Return the verdict on every image that somebody picked; picks that were taken back do not count."""
    of_image: dict[VotedImage, list[Pick]] = {}
    for pick in picks:
        if pick.verdict is not None or pick.rating is not None:
            of_image.setdefault(pick.subject, []).append(pick)
    return {image: _verdict(of_one) for image, of_one in of_image.items()}


def _verdict(picks: Iterable[Pick]) -> PickedImage:
    picks = tuple(picks)
    verdicts = [pick.verdict for pick in picks]
    ratings = [pick.rating for pick in picks if pick.rating is not None]
    lead = verdicts.count(PickVerdict.KEEP) - verdicts.count(PickVerdict.REJECT)
    verdict = None if not lead else PickVerdict.KEEP if lead > 0 else PickVerdict.REJECT
    return PickedImage(verdict, fmean(ratings) if ratings else None)


def picks_by_model(picked: Iterable[tuple[str, PickedImage]]) -> tuple[ModelPicks, ...]:
    """Return the picks by model, of images with the model that made each."""
    of_model: dict[str, list[PickedImage]] = {}
    for model, verdict in picked:
        of_model.setdefault(model, []).append(verdict)
    return tuple(_of_model(model, found) for model, found in sorted(of_model.items()))


def _of_model(model: str, found: list[PickedImage]) -> ModelPicks:
    ratings = [each.rating for each in found if each.rating is not None]
    return ModelPicks(
        model=model,
        images=len(found),
        kept=sum(each.verdict is PickVerdict.KEEP for each in found),
        rejected=sum(each.verdict is PickVerdict.REJECT for each in found),
        rated=len(ratings),
        mean_rating=fmean(ratings) if ratings else None,
    )
