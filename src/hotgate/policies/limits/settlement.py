"""The end of a request whose answer says what it takes: by its status (`count`) or by a field of it (`cost.header`).

What was taken before is a reservation. It is settled when the answer begins. A request whose client has left before is
settled at the end, as the dearest it could be: leaving must not be a way to get tokens back.
"""

from typing import NamedTuple

from hotgate.http.response import Response
from hotgate.limits.lease_client import LeaseClient
from hotgate.pipeline.exchange import SWITCHED, Exchange
from hotgate.policies.limits.limit_rule import LimitRule

_RESERVED = "rate_limit.reserved"


class Reservation(NamedTuple):
    """tokens: that were taken. unit: tokens of cost 1."""

    rule: LimitRule
    key: str
    tokens: int
    unit: int


class Settlement:
    """The later steps of a route."""

    def __init__(self, limiter: LeaseClient) -> None:
        self._limiter = limiter

    def reserve(self, exchange: Exchange, reservations: list[Reservation]) -> None:
        """Remember what was taken, beside what other policies of the route took."""
        exchange.state.setdefault(_RESERVED, []).extend(reservations)

    def on_answer(self, exchange: Exchange) -> None:
        """The answer begins, whoever gives it."""
        response = exchange.response
        if response is None:
            return
        for reservation in exchange.state.pop(_RESERVED, ()):
            self._settle(exchange, reservation, _due(reservation, response.status, response))
            cost = reservation.rule.answered_cost
            if cost is not None and cost.is_removed:
                cost.remove(response)

    def on_end(self, exchange: Exchange) -> None:
        """The exchange is over. What is not settled yet had no answer, or a tunnel in its place."""
        for reservation in exchange.state.pop(_RESERVED, ()):
            if SWITCHED in exchange.state:
                due = _due(reservation, 101, None)
            elif exchange.response is not None:
                due = _due(reservation, exchange.response.status, None)
            else:
                due = _most(reservation)
            self._settle(exchange, reservation, due)

    def _settle(self, exchange: Exchange, reservation: Reservation, due: int) -> None:
        rule, key, tokens, _ = reservation
        if due > tokens:
            self._limiter.charge(rule.limit, key, due - tokens)
        elif due < tokens:
            self._limiter.refund(rule.limit, key, tokens - due, exchange.started)


def _due(reservation: Reservation, status: int, response: Response | None) -> int:
    """Tokens that the request takes in the end, by its answer."""
    rule = reservation.rule
    if rule.counted is not None and status not in rule.counted:
        return 0
    if rule.answered_cost is None or response is None:
        return reservation.tokens
    return rule.answered_cost.read(response) * reservation.unit


def _most(reservation: Reservation) -> int:
    cost = reservation.rule.answered_cost
    return reservation.tokens if cost is None else cost.most * reservation.unit
