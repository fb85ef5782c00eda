"""Which job starts when: queues per model, slots, adaptive concurrency and reasons to stop."""
