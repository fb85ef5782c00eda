"""Object stores: a small interface to them, what fills it, and the artifacts of a run in one."""
