"""The bounds of a run: limits, slots, line, processors and money, and how long it takes under each. Pure."""
