"""Which API to run against: an account of a real one, or the embedded one."""

from qwave_batch.client.connection import Connection, Simulated

__all__ = ["Connection", "Simulated"]
