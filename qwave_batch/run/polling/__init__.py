"""When to poll a task next, and the ways to learn of its end without polling."""
