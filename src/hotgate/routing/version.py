"""The version of an API as a condition of routes: which requests are for it."""

from collections.abc import Sequence

from hotgate.config.apis import Api, plain_version
from hotgate.http.request import Request
from hotgate.routing.version_places import AMBIGUOUS, NOTHING, Read, read_place


class VersionReader:
    """How the requests of one API name versions. name: of the API."""

    __slots__ = ("_of_media_types", "_others", "known", "name")

    def __init__(self, name: str, api: Api) -> None:
        self.name = name
        self.known = {plain_version(version): version for version in api.versions}
        self._others = [read_place(place, api.versions) for place in api.by if place.media_type is None]
        self._of_media_types = [read_place(place, api.versions) for place in api.by if place.media_type is not None]

    def said(self, request: Request) -> str:
        """The plain version that a request names, NOTHING, or AMBIGUOUS."""
        return _agreed((*self._others, *self._of_media_types), request)

    def is_said_by_media_type(self, request: Request) -> bool:
        """Whether Accept alone names it."""
        return _agreed(self._others, request) == NOTHING


def _agreed(places: Sequence[Read], request: Request) -> str:
    found = NOTHING
    for read in places:
        said = read(request)
        if said != NOTHING and found not in (NOTHING, said):
            return AMBIGUOUS
        found = said or found
    return found


class VersionCondition:
    """Requests for one version. plain: as it is compared. is_silent: those that name none are for it too, because it is
    the default, or because their path names it.
    """

    __slots__ = ("is_silent", "plain", "reader")

    def __init__(self, reader: VersionReader, version: str, *, is_silent: bool) -> None:
        self.reader = reader
        self.plain = plain_version(version)
        self.is_silent = is_silent

    def holds(self, request: Request) -> bool:
        """Whether a request is one of those."""
        said = self.reader.said(request)
        return said == self.plain or (said == NOTHING and self.is_silent)
