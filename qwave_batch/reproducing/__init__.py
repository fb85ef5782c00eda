"""Two runs of the same requests beside each other: which images are the same, and what that says of a model's seeds."""
