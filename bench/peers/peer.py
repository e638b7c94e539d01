"""What the bench needs to know about a server."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from bench.scenario import Launch, Scenario

_VERSION = re.compile(r"\d+\.\d+\.\d+[^\s/]*")


@dataclass(frozen=True, slots=True)
class Peer:
    """name: as shown in tables. launch: writes the configuration, returns the command. version: the command asking it.

    security: how it enforces the secured case, in words for the page; empty when it does not take part. offers_tls: it
    takes part in the cases with TLS. offers_mtls: in that with certificates of clients.
    """

    name: str
    launch: Callable[[Scenario], Launch]
    version: tuple[str, ...]
    security: str = ""
    offers_tls: bool = False
    offers_mtls: bool = False


def version_of(peer: Peer) -> str:
    """The first version number in what the program says about itself, such as "1.22.1"."""
    done = subprocess.run(peer.version, capture_output=True, text=True, check=False)
    found = _VERSION.search(done.stdout + done.stderr)
    return found[0] if found else "unknown"
