"""Templates: a bounded sandbox that renders strings, the same on every machine."""
