"""Templates: a bounded sandbox that fills texts in, the same on every machine."""
