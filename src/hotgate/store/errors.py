"""What can go wrong with the store. No text holds a password, a digest or a key."""


class StoreUnavailable(Exception):
    """The store cannot be asked now. Whoever needs its answer must refuse: 503, never 401."""


class StoreUnusable(Exception):
    """The store can never be used as it is: it is newer than the program, damaged, or open to others."""


class _Refused(Exception):
    def __init__(self, kind: str, says: str) -> None:
        super().__init__(says)
        self.kind = kind


class AlreadyExists(_Refused):
    """A record of that name, id or digest is there. kind: what it is of, "consumer", "key" or "session"."""


class DoesNotExist(_Refused):
    """There is no record of that name or id. kind: what it would be of, "consumer", "key" or "revocation"."""


class InvalidRecord(ValueError):
    """A field has a value that the store does not take."""
