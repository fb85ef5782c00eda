"""Decides which job starts when: queues per model, slots, adaptive concurrency and stop reasons."""
