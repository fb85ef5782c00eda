"""Jobs while a run works on them, and the queue and the slots of their model."""
