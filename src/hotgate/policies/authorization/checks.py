"""The steps of `authorize`: checks by method, asked until one refuses."""

from collections.abc import Mapping

from hotgate.http.response import Response
from hotgate.identity.challenge import credential_missing
from hotgate.pipeline.decision import Decision
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.authorization.part import Check

Checks = tuple[Check, ...]


class ChecksByMethod:
    """by_method: of the methods that are listed. others: of all that are not."""

    __slots__ = ("_by_method", "_others")

    def __init__(self, by_method: Mapping[str, Checks], others: Checks) -> None:
        self._by_method = by_method
        self._others = others

    def __call__(self, exchange: Exchange) -> Response | None:
        for check in self._by_method.get(exchange.request.method, self._others):
            response = check(exchange)
            if response is not None:
                return response
        return None


class Begin:
    """Fails closed: who is not authenticated is not authorized, unless the route is public.

    allowed: the decision, unless a later check has more to say. nobody: that on an unknown caller; None: it may come.
    """

    __slots__ = ("_allowed", "_nobody")

    def __init__(self, allowed: Decision, nobody: Decision | None) -> None:
        self._allowed = allowed
        self._nobody = nobody

    def __call__(self, exchange: Exchange) -> Response | None:
        if exchange.principal is None and self._nobody is not None:
            exchange.decision = self._nobody
            return credential_missing(['Bearer realm="hotgate"'])
        exchange.decision = self._allowed
        return None
