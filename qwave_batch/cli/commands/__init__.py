"""A file per command: ``USAGE``, ``configure(parser)`` and ``execute(args, console)``."""
