"""The only room that knows HTTP and the task API's wire format."""
