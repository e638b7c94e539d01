"""A copy of a request's body, made while the body passes: whoever wants it delays nobody and is delayed by nobody."""

from collections.abc import Callable

BODY_COPY = "body.copy"  # in `exchange.state`, where the route has a `copied_body`


class BodyCopy:
    """limit: bytes; a larger body is not kept. is_whole: all of it is in `data`.

    `data` is None once it is clear that nobody will get the whole body.
    """

    __slots__ = ("_limit", "_on_whole", "data", "is_whole")

    def __init__(self, limit: int, begun: bytes) -> None:
        self._limit = limit
        self._on_whole: Callable[[bytes], object] | None = None
        self.data: bytearray | None = bytearray()
        self.is_whole = False
        self.add(begun)

    def add(self, piece: bytes) -> None:
        """More of it."""
        if self.data is not None:
            self.data += piece
            if len(self.data) > self._limit:
                self.data = None

    def end(self) -> None:
        """The body is complete."""
        self.is_whole = True
        on_whole, data = self._on_whole, self.data
        if on_whole is not None and data is not None:
            self.drop()
            on_whole(bytes(data))

    def when_whole(self, on_whole: Callable[[bytes], object]) -> None:
        """Call it with the body, now or later; never if there will be none."""
        self._on_whole = on_whole
        if self.is_whole:
            self.end()

    def drop(self) -> None:
        """Nobody wants it."""
        self.data = self._on_whole = None

    @property
    def is_wanted(self) -> bool:
        """Whether somebody still waits for it, perhaps in vain."""
        return self._on_whole is not None
