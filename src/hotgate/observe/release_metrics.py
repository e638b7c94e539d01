"""What a worker counts of releases: their sides, copies of requests for other upstreams, and versions of APIs."""

from collections.abc import Container

from hotgate.observe.side_recorder import SideRecorder, side_name


class ReleaseMetrics:
    """mirrored: copies by "route result". versions: requests by "api version". Raised by the policies; all names are of
    the file.
    """

    __slots__ = ("_sides", "mirrored", "versions")

    def __init__(self) -> None:
        self._sides: dict[str, SideRecorder] = {}
        self.mirrored: dict[str, int] = {}
        self.versions: dict[str, int] = {}

    def side(self, route: str, upstream: str) -> SideRecorder:
        """The recorder of one side; the same for every configuration that has it."""
        name = side_name(route, upstream)
        if name not in self._sides:
            self._sides[name] = SideRecorder(route, upstream)
        return self._sides[name]

    @property
    def sides(self) -> list[SideRecorder]:
        """All of them."""
        return list(self._sides.values())

    def retain(self, routes: Container[str], upstreams: Container[str]) -> None:
        """Forget sides of what is no longer configured."""
        self._sides = {name: side for name, side in self._sides.items() if is_kept(name, routes, upstreams)}


def is_kept(side: str, routes: Container[str], upstreams: Container[str]) -> bool:
    """Whether a side, by its name, is one of these routes and upstreams."""
    route, _, upstream = side.partition("/")
    return route in routes and upstream in upstreams
