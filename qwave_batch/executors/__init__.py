"""The places where the work on images is done: threads here, or workers of a Ray."""
