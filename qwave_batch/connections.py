"""Which API to run against: an account of a real one, or the embedded one."""

from qwave_batch.client.connection import AnyAccount, AnyConnection, Connection, ConnectionFromEnviron, Simulated

__all__ = ["AnyAccount", "AnyConnection", "Connection", "ConnectionFromEnviron", "Simulated"]
