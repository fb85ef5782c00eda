"""The program as a shell starts it: hands its arguments, folder, environment and streams on, and ends as that ends.

    python -I -S tests/shell_command.py SOCKET ARGUMENTS...

It loads next to nothing, which takes a hundredth of a second; ``tests/forked_programs.py`` is the other end.
"""

import _socket
import marshal
import os
import sys


def is_open(number: int) -> bool:
    """Whether the shell has left this stream open."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    numbers = [number for number in range(3) if is_open(number)]
    line = _socket.socket(_socket.AF_UNIX)
    line.connect(sys.argv[1])
    asked = marshal.dumps((sys.argv[2:], os.getcwd(), dict(os.environ), numbers))  # noqa: PTH109 - it would be loaded
    files = b"".join(number.to_bytes(4, sys.byteorder) for number in numbers)
    line.sendmsg([asked[:1]], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
    line.sendall(asked[1:])
    line.shutdown(_socket.SHUT_WR)
    os._exit(int(line.recv(16)))
