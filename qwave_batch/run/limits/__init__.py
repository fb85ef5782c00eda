"""Rate limits: those of the spec, those the API announces, and those it enforces with 429 responses."""
