"""When to ask for a task next, and the ways to learn of its end without asking."""
