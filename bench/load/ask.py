"""One request, for finding out whether a server is ready and does what it is configured to do."""

import http.client
import ssl
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from bench.program import NotReadyError, Program
from bench.scenario import HOST, PATH, Certificate

_POLL = 0.002  # seconds


def status_of(
    url: str, path: str = PATH, headers: Mapping[str, str] | None = None, client: Certificate | None = None
) -> int:
    """The status of `GET path`; 0 when nothing answered in HTTP. url: `http://host:port`, or https."""
    connection = _connection(url, client)
    try:
        connection.request("GET", path, headers={"Host": HOST, **(headers or {})})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def wait_until_answered(
    program: Program,
    url: str,
    path: str = PATH,
    headers: Mapping[str, str] | None = None,
    seconds: float = 60.0,
    client: Certificate | None = None,
) -> None:
    """Return at the first 200. Raises NotReadyError when the program ends, or does not get there in time."""
    deadline = time.monotonic() + seconds
    last = 0
    while time.monotonic() < deadline and not program.has_ended:
        last = status_of(url, path, headers, client)
        if last == 200:
            return
        time.sleep(_POLL)
    raise NotReadyError(f"no 200 for {path} (last status {last})\n{program.complaint()}")


def _connection(url: str, client: Certificate | None) -> http.client.HTTPConnection:
    address = urlsplit(url)
    if address.scheme == "http":
        return http.client.HTTPConnection(address.netloc, timeout=5)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # made for this run, on the loopback interface
    if client is not None:
        context.load_cert_chain(client.certificate, client.key)
    return http.client.HTTPSConnection(address.netloc, timeout=5, context=context)
