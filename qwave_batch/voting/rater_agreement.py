"""The agreement of raters: Krippendorff's alpha of their answers to the same questions."""

from qwave_batch import lazy
from qwave_batch.voting.ballots import Ballots

_RATERS = 2


def alpha_of_raters(ballots: Ballots) -> float | None:
    """Return Krippendorff's alpha: 1 where all agree, 0 as by chance, below 0 for less than that.

    An answer is one of three names: the one image, the other, or neither (a tie, or both bad). Questions that one rater
    alone has answered do not count. None where no two raters have answered the same one.
    """
    answers: dict[object, dict[str, int]] = {}
    for each in ballots.ballots:
        answers.setdefault(each.subject, {})[each.rater] = each.outcome
    shared = [of_subject for of_subject in answers.values() if len(of_subject) >= _RATERS]
    if not shared:
        return None
    raters = sorted({rater for of_subject in shared for rater in of_subject})
    frame = lazy.pd.DataFrame(
        [[of_subject.get(rater, float("nan")) for of_subject in shared] for rater in raters], dtype=float
    )
    return float(lazy.evalica.alpha(frame, distance="nominal").alpha)
