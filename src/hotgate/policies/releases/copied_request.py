"""What a copy of a request says: its target and fields, less what proves or tells who is calling."""

from collections.abc import Iterable
from copy import copy

from hotgate.http.bounded_cache import BoundedCache
from hotgate.http.headers import Field, Headers
from hotgate.http.hop_by_hop import WRITTEN_ANEW
from hotgate.http.request import Request
from hotgate.http.reserved import is_reserved, spelling
from hotgate.identity.places.credential_source import CredentialSource
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.releases.mirror_settings import MirrorSettings
from hotgate.policies.versions.version_facts import VERSION_FIELD

# Fields in which clients send what proves or remembers them, besides those that `identity` of the file names: by their
# names, and by how names end that keep being made up for it.
_CREDENTIALS = frozenset(
    {
        *(b"authorization", b"cookie", b"cookie2", b"dpop", b"signature-input", b"apikey", b"sec-websocket-protocol"),
        *(b"x-hub-signature-256", b"ocp-apim-subscription-key", b"x-functions-key", b"x-rapidapi-key"),
    }
)
_ENDINGS = (
    *(b"-token", b"-secret", b"-password", b"-signature", b"-assertion", b"-authorization", b"-credential"),
    *(b"-api-key", b"-access-key", b"-auth-key", b"-private-key"),
)


class CopiedRequest:
    """places: where any entry of `identity` finds credentials. Copies name their route in `X-Hotgate-Mirror`, which no
    client can send.
    """

    def __init__(self, settings: MirrorSettings, route: str, places: Iterable[CredentialSource]) -> None:
        self._settings = settings
        self._mark = (b"x-hotgate-mirror", route.encode("ascii"))
        self._places = () if settings.credentials else tuple(dict.fromkeys(places))
        self._removed = frozenset(spelling(name.encode()) for name in settings.remove)
        # Names are the client's, so the memory is bounded.
        self._is_left_out = BoundedCache(self._leaves_out, max_entries=1024, max_key_bytes=64)

    def of(self, exchange: Exchange) -> tuple[bytes, list[Field]]:
        """The target and the fields of the copy. The request itself stays as it is."""
        request = self._without_credentials(exchange.request)
        fields = [field for field in request.headers.fields if not self._is_left_out[field[0]]]
        principal = exchange.principal
        if principal is not None and principal.forwarded is not None and not self._settings.credentials:
            fields = [field for field in fields if field[0] != principal.forwarded[0]]
        if principal is not None and self._settings.identity and exchange.route.tells_identity:
            fields += principal.backend_fields
        fields += [(b"x-request-id", exchange.request_id.encode("ascii")), self._mark]
        return request.target, fields

    def _without_credentials(self, request: Request) -> Request:
        if not self._places:
            return request
        copied = copy(request)
        copied.headers = Headers(list(request.headers.fields))
        for place in self._places:
            place.strip(copied)
        return copied

    def _leaves_out(self, name: bytes) -> bool:
        spelled = spelling(name)
        if name in WRITTEN_ANEW or spelled in self._removed:
            return True
        if is_reserved(name):
            return not self._settings.identity and name != VERSION_FIELD
        is_credential = spelled in _CREDENTIALS or (b"-" + spelled).endswith(_ENDINGS)
        return is_credential and not self._settings.credentials
