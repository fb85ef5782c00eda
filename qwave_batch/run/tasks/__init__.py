"""The processing of one job: submit, poll, settle, cancel."""
