"""The HTTP client of the task API; no other package knows HTTP or the wire format."""
