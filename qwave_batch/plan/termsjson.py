"""The terms of a run as they stand in a plan's header: the same keys as in a spec."""

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.terms import Terms


def terms_as_json(terms: Terms) -> dict[str, Json]:
    """Return ``limits``, ``retry``, ``timeout``, ``completion`` and ``budget``."""
    limits = terms.limits
    return {
        "limits": {
            "concurrency": limits.concurrency,
            "requests_per_minute": limits.requests_per_minute,
            "count_polls": limits.count_polls,
            "models": {
                model: {"concurrency": each.concurrency, "requests_per_minute": each.requests_per_minute}
                for model, each in limits.models.items()
            },
        },
        "retry": {"attempts": terms.retry_attempts},
        "timeout": terms.timeout_s,
        "completion": terms.completion.value,
        "budget": {"max_usd": terms.max_usd},
    }
