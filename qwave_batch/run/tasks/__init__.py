"""One job's way through a run: submit, poll, settle, cancel."""
