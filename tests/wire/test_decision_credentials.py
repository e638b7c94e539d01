"""Who the gateway is to a decision point: a token of its own, which is renewed when it is refused."""

from collections.abc import Mapping
from typing import Any

from wire.decision_service import decision_service
from wire.peer import turns
from wire.scenario import Wire, scenario

CLIENT = {"token_url": "https://idp.example.com/token", "client": {"id": "gateway", "secret": "s3cret-of-the-client"}}
UPSTREAM = {"credentials": {"client_credentials": CLIENT}}


class Control:
    """Gives out tokens. asked: what was wanted."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, Any]] = []

    async def __call__(self, about: str, body: Mapping[str, Any], wait: float) -> dict[str, Any]:
        self.asked.append(body)
        return {"token": f"issued-{len(self.asked)}", "good_for": 60.0, "renew_in": 45.0}


@scenario()
async def test_a_token_is_shown_and_a_refused_one_is_renewed(wire: Wire) -> None:
    control = Control()
    wire.gateway.services["ask"] = control
    async with decision_service(wire, {"authzen": {}}, upstream=UPSTREAM) as pdp:
        client = await pdp.request()
        question = await pdp.say(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        assert question.get(b"authorization") == b"Bearer issued-1"
        assert (await client.message()).code == "decision-unavailable"
        await turns()
        assert len(control.asked) == 2
        client = await pdp.request()
        question = await pdp.answer({"decision": True})
        assert question.get(b"authorization") == b"Bearer issued-2"
        assert (await pdp.passes(client)).get(b"authorization") is None


@scenario()
async def test_without_a_token_nobody_is_asked(wire: Wire) -> None:
    async with decision_service(wire, {"authzen": {}}, upstream=UPSTREAM) as pdp:
        assert (await (await pdp.request()).message()).code == "decision-unavailable"
        assert "no credential for it" in wire.last_record["log_detail"]
        assert pdp.service.accepted == 0


@scenario()
async def test_a_key_in_the_query_does_not_come_back_to_the_client(wire: Wire) -> None:
    upstream = {"credentials": {"api_key": {"query": "key", "value": "s3cret-of-the-gateway"}}}
    async with decision_service(wire, {"ext_authz": {"path_prefix": "/check"}}, upstream=upstream) as pdp:
        client = await pdp.request()
        found = b"Location: /check/orders/7/?key=s3cret-of-the-gateway"
        question = await pdp.say(b"HTTP/1.1 301 Moved\r\n%b\r\nContent-Length: 0\r\n\r\n" % found)
        assert question.start == b"GET /check/orders/7?key=s3cret-of-the-gateway HTTP/1.1"
        assert (await client.message()).get(b"location") == b"/check/orders/7/?key="
