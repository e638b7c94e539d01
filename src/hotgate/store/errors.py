"""What can go wrong with the store. No text holds a password, a digest or a key."""


class StoreUnavailable(Exception):
    """The store cannot be asked now. Whoever needs its answer must refuse: 503, never 401."""


class StoreUnusable(Exception):
    """The store can never be used as it is: it is newer than the program, damaged, or open to others."""


class AlreadyExists(Exception):
    """A record of that name, id or digest is there."""


class DoesNotExist(Exception):
    """There is no record of that name or id."""


class InvalidRecord(ValueError):
    """A field has a value that the store does not take."""
