"""The command line: argv, streams and exit codes; a file per command, written against the public Python API."""
