"""An S3 server on loopback. The library that it is made of is slow to import, so that waits until one is started."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any


@contextmanager
def serving_s3() -> Iterator[str]:
    """Serve S3 without a bucket, and yield the address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = import_module("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def s3_from_behind() -> Any:
    """Return the store of the servers of this process, to be looked at and changed without a request."""
    account = import_module("moto.core.models").DEFAULT_ACCOUNT_ID
    return import_module("moto.s3.models").s3_backends[account]["aws"]
