"""Why a listener cannot listen, in words that say what to change."""

import errno

from hotgate.config.binds import AnyBind

_REASONS = {
    errno.EACCES: "{} is not permitted; ports below 1024 need the capability CAP_NET_BIND_SERVICE, a Unix socket a "
    "folder that we may write to",
    errno.EADDRINUSE: "{} is in use by another program; stop it, or choose another address",
    errno.EADDRNOTAVAIL: "{} is not an address of this machine",
}


class BindError(Exception):
    """A listener that cannot listen. listener: its name. The text says why, and what to change."""

    def __init__(self, listener: str, reason: str) -> None:
        super().__init__(reason)
        self.listener = listener


def bind_reason(bind: AnyBind, error: OSError) -> str:
    """The text for what the system calls said."""
    known = _REASONS.get(error.errno or 0)
    return known.format(bind) if known else f"cannot listen on {bind}: {error.strerror or error}"
