"""How authorization refuses: the decision, for whoever asks why, and the answer, which tells a client less."""

from dataclasses import replace

from hotgate.http.response import Response
from hotgate.pipeline.decision import Decision
from hotgate.pipeline.exchange import Exchange

FORBIDDEN = "forbidden"
NOT_ALLOWED = "This is not allowed."


class Denial:
    """One reason to refuse, made when the configuration is compiled. detail: what the client is told.

    challenge: the value of WWW-Authenticate, if another credential could help.
    """

    __slots__ = ("_challenge", "_code", "_decision", "_detail")

    def __init__(
        self, decision: Decision, detail: str = NOT_ALLOWED, *, code: str = FORBIDDEN, challenge: str = ""
    ) -> None:
        self._decision = decision
        self._detail = detail
        self._code = code
        self._challenge = challenge

    def __call__(self, exchange: Exchange) -> Response:
        """Refuse."""
        exchange.decision = self._decision
        headers = {"www-authenticate": self._challenge} if self._challenge else None
        log_detail = f"{self._decision.rule}: {self._decision.reason}"
        return Response.problem(403, code=self._code, detail=self._detail, headers=headers, log_detail=log_detail)

    def failed(self, exchange: Exchange, reason: str) -> Response:
        """Refuse because it cannot be decided. reason: for operators; a client learns only that it is denied."""
        exchange.decision = replace(self._decision, reason=f"the condition failed: {reason}")
        log_detail = f"{self._decision.rule}: the condition failed: {reason}"
        return Response.problem(403, code=FORBIDDEN, detail=NOT_ALLOWED, log_detail=log_detail)
