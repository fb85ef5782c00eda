"""From a completed task to checked images under their names."""
