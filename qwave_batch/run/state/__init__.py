"""The state of a run that all its parts share, and the arguments it starts with."""
