"""New TLS connections as fast as they can be made, each with a full handshake and one request."""

import re
import subprocess

from bench.cores import pinned
from bench.load.wrk import BadRunError
from bench.scenario import PATH, Certificate

_PARALLEL = 4  # clients that each make one connection after the other, so that the server never waits
_MADE = re.compile(r"^(\d+) connections in ", re.MULTILINE)


def new_connections(port: int, seconds: float, core: int, client: Certificate | None = None) -> int:
    """How many connections were made to 127.0.0.1:`port`, TLS 1.3, no session resumed. Raises BadRunError.

    client: the certificate that is shown.
    """
    command = ["openssl", "s_time", "-new", "-connect", f"127.0.0.1:{port}", "-www", PATH, "-tls1_3"]
    command += ["-time", str(max(1, round(seconds)))]
    if client is not None:
        command += ["-cert", str(client.certificate), "-key", str(client.key)]
    clients = [
        subprocess.Popen(pinned(core, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(_PARALLEL)
    ]
    return sum(_made(client.communicate()[0]) for client in clients)


def _made(output: str) -> int:
    match = _MADE.search(output)
    if match is None or "error" in output.lower():
        raise BadRunError(f"the TLS client failed: {output[-300:]}")
    return int(match[1])
