"""Calls to one provider, in which trouble is told from a no."""

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from hotgate.control.download import FetchFailed
from hotgate.control.judged_address import Place
from hotgate.control.oauth.endpoint_call import Answer, EndpointCaller
from hotgate.control.openid.failures import ProviderRefused, ProviderUnavailable
from hotgate.upstream.breaker import Breaker

_CODE = re.compile(r"[a-z_]{1,64}")  # of errors: fit for a log
_CLAIMS = "application/json, application/jwt"  # OpenID Connect Core §5.3.2
_REFUSALS = frozenset({400, 401, 403})


class ProviderCalls:
    """Every method raises ProviderUnavailable where there is no answer in time, or one that says it cannot."""

    def __init__(self, caller: EndpointCaller, breaker: Breaker) -> None:
        self._caller = caller
        self._breaker = breaker

    @property
    def is_left_alone(self) -> bool:
        """Whether the provider has failed often in a row, and is not asked for a while."""
        return self._breaker.is_open

    async def post(self, place: Place, form: Mapping[str, str]) -> dict[str, Any]:
        """The JSON object that answers a form of the client. Raises ProviderRefused."""
        return _document(await self._answered(partial(self._caller.post, place, form)))

    async def tell(self, place: Place, form: Mapping[str, str]) -> None:
        """Send a form to which no answer but its status matters. Raises ProviderRefused."""
        answer = await self._answered(partial(self._caller.post, place, form))
        if answer.status in _REFUSALS:
            raise ProviderRefused(_code(_parsed(answer)))

    async def get(self, place: Place, access_token: str) -> Answer:
        """What a user's access token gets: a document of any type. Raises ProviderRefused."""
        answer = await self._answered(partial(self._caller.get, place, access_token, _CLAIMS))
        if answer.status in _REFUSALS:
            raise ProviderRefused(f"status {answer.status}")
        return _successful(answer)

    async def close(self) -> None:
        """End its connections."""
        await self._caller.close()

    async def _answered(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        if not self._breaker.may_call():
            raise ProviderUnavailable("it has failed several times in a row and is left alone")
        try:
            answer = await call()
        except FetchFailed as error:
            raise self._failed(str(error)) from None
        except BaseException:  # whoever asked has gone: that says nothing
            self._breaker.said_nothing()
            raise
        if answer.status >= 500 or answer.status == 429:
            raise self._failed(f"status {answer.status}")
        self._breaker.succeeded()
        return answer

    def _failed(self, reason: str) -> ProviderUnavailable:
        self._breaker.failed(reason)
        return ProviderUnavailable(reason)


def _document(answer: Answer) -> dict[str, Any]:
    document = _parsed(answer)
    if answer.status in _REFUSALS:
        raise ProviderRefused(_code(document))
    _successful(answer)
    return document


def _successful(answer: Answer) -> Answer:
    if answer.status not in (200, 201):
        raise ProviderUnavailable(f"status {answer.status} makes no sense here")
    return answer


def _parsed(answer: Answer) -> dict[str, Any]:
    try:
        return answer.document()
    except FetchFailed as error:
        raise ProviderUnavailable(str(error)) from None


def _code(document: Mapping[str, Any]) -> str:
    code = document.get("error")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "unknown"
