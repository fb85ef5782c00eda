"""The unit in which the API of the catalogs counts money, for tests of the client without a catalog."""

from qwave_batch.model.money import QuotaUnit

QUOTA = QuotaUnit(per_usd=500_000)
