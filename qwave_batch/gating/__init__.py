"""Two sides of images compared by their scores, and gates: rules that a run folder passes or not."""
