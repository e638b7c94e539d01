"""The new control process's side of an upgrade: what the old one passed on, and how it is asked to leave.

The old one goes on until it is relieved, and for good if the new one ends before that.
"""

import json
import os
import socket
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass

from hotgate.runtime.sockets.listening_sockets import NamedSocket
from hotgate.runtime.workers.channel import encode_frame

VARIABLE = "HOTGATE_PREDECESSOR"
_PATIENCE = 10.0  # seconds for the old one to let go of its workers
_LONGEST_REASON = 20_000  # characters


@dataclass(frozen=True, slots=True)
class Bequest:
    """Descriptors that the new process inherits. line: to the old one. lock: of the gateway. sockets: by listener."""

    line: int
    lock: int
    sockets: Mapping[str, Sequence[int]]

    def to_text(self) -> str:
        """The form that `Predecessor.of` reads."""
        return json.dumps({"line": self.line, "lock": self.lock, "sockets": self.sockets})

    @property
    def descriptors(self) -> list[int]:
        """All of them."""
        return [self.line, self.lock, *(each for group in self.sockets.values() for each in group)]


class Predecessor:
    """lock: a descriptor that holds the gateway's lock together with the old process. sockets: the old one's."""

    def __init__(self, line: socket.socket, lock: int, sockets: list[NamedSocket]) -> None:
        self._line = line
        self.lock = lock
        self.sockets = sockets

    @classmethod
    def of(cls, environment: MutableMapping[str, str]) -> "Predecessor | None":
        """The one that started this process for an upgrade, if one did. Raises ValueError, OSError for nonsense."""
        text = environment.pop(VARIABLE, "")
        if not text:
            return None
        bequest = Bequest(**json.loads(text))
        for descriptor in bequest.descriptors:
            os.set_inheritable(descriptor, False)
        sockets = [
            (name, socket.socket(fileno=descriptor)) for name, group in bequest.sockets.items() for descriptor in group
        ]
        return cls(socket.socket(fileno=bequest.line), bequest.lock, sockets)

    def failed(self, reason: str) -> None:
        """This process ends, and hangs up. A predecessor that is gone need not know."""
        self._say("failed", reason=reason[:_LONGEST_REASON])
        self._line.close()

    def relieve(self) -> None:
        """Ask it to leave, its workers to us, and wait until it has; call in a thread. It may be dead already."""
        self._say("relieved")
        self._line.settimeout(_PATIENCE)
        try:
            self._line.recv(1)
        except OSError:  # it hangs, or died; its workers find us either way
            return

    def _say(self, kind: str, **members: str) -> None:
        try:
            self._line.sendall(encode_frame({"type": kind, **members}))
        except OSError:
            return
