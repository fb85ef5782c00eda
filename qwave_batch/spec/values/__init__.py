"""Values of a spec: which there are, how they become text, and which of them nobody can mean."""
