"""Which token a worker is given by the control process, while configurations come and go."""

import asyncio
from typing import Any

from hotgate.config.token_credentials import TokenRequest
from hotgate.control.download import FetchFailed
from hotgate.control.oauth.issued_token import IssuedToken
from hotgate.runtime.compiling.model import built_in_model
from hotgate.runtime.desks.upstream_tokens import UpstreamTokens
from unit.control.oauth.token_server import TokenServer, settled

MODEL = built_in_model()
SECRET = "s3cret-of-the-client"
SERVER = {"token_url": "https://idp.example.com/token", "client": {"id": "gateway", "secret": SECRET}}
OWN = {"client_credentials": SERVER}
EXCHANGED = {"token_exchange": {**SERVER, "audience": "stock", "act_as_gateway": True}}


class Scene:
    """A desk whose endpoints are a server of the test's. connected, closed: which clients there, in order."""

    def __init__(self) -> None:
        self.server = TokenServer()
        self.connected: list[str] = []
        self.closed: list[str] = []
        self.desk = UpstreamTokens(self.connect, self.server.clock)

    def connect(self, settings: TokenRequest) -> Any:
        self.connected.append(settings.client.id)
        return Endpoint(self, settings.client.id)


class Endpoint:
    def __init__(self, scene: Scene, client: str) -> None:
        self._scene = scene
        self._client = client
        self.token = scene.server.token

    async def close(self) -> None:
        self._scene.closed.append(self._client)


def config(**credentials: dict[str, Any]) -> Any:
    upstreams = {name: {"targets": ["https://a.example"], "credentials": each} for name, each in credentials.items()}
    return MODEL.model_validate({"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": upstreams})


def source(configuration: Any, upstream: str) -> str:
    name: str = configuration.upstreams[upstream].credentials.source.source(upstream)
    return name


async def own(scene: Scene, configuration: Any, upstream: str = "orders", rejected: str = "") -> dict[str, Any]:
    return await scene.desk.answer({"source": source(configuration, upstream), "rejected": rejected})


def test_a_token_of_the_gateway() -> None:
    async def play() -> None:
        scene, wanted = Scene(), config(orders=OWN)
        await scene.desk.follow(wanted)
        answer = await own(scene, wanted)
        assert answer == {"token": "first", "good_for": 90.0, "renew_in": 67.5}
        assert scene.server.asked == [{"grant_type": "client_credentials"}]
        await scene.desk.stop()

    asyncio.run(play())


def test_a_token_in_exchange_for_a_callers() -> None:
    async def play() -> None:
        scene, wanted = Scene(), config(stock=EXCHANGED)
        await scene.desk.follow(wanted)
        await settled()
        scene.server.answer = lambda form: IssuedToken(f"for-{form['subject_token']}-by-{form['actor_token']}", 100.0)
        body = {"source": source(wanted, "stock"), "subject": "alice", "good_for": 50.0}
        assert await scene.desk.answer(body) == {"token": "for-alice-by-first", "good_for": 50.0, "renew_in": 67.5}
        assert scene.server.asked[0] == {"grant_type": "client_credentials"}
        assert scene.server.asked[1] == {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "subject_token": "alice",
            "actor_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "actor_token": "first",
            "audience": "stock",
        }
        await scene.desk.stop()

    asyncio.run(play())


def test_what_is_for_callers_is_nothing_for_the_gateway_and_the_other_way_round() -> None:
    async def play() -> None:
        scene, wanted = Scene(), config(orders=OWN, stock=EXCHANGED)
        await scene.desk.follow(wanted)
        body = {"source": source(wanted, "orders"), "subject": "alice", "good_for": 50.0}
        assert "unavailable" in await scene.desk.answer(body)
        assert "unavailable" in await own(scene, wanted, "stock")
        await scene.desk.stop()

    asyncio.run(play())


def test_settings_that_stay_keep_their_token_and_others_are_nobodys() -> None:
    async def play() -> None:
        scene, old = Scene(), config(orders=OWN, stock=OWN)
        new = config(orders=OWN, stock={"client_credentials": {**SERVER, "audience": "x"}})
        await scene.desk.follow(old)
        await scene.desk.add(new)  # workers have one or the other
        await settled()
        assert len(scene.server.asked) == 3
        assert "token" in await own(scene, old, "stock")
        await scene.desk.follow(new)
        assert "unavailable" in await own(scene, old, "stock")
        assert "token" in await own(scene, new, "stock")
        assert len(scene.server.asked) == 3
        await scene.desk.stop()

    asyncio.run(play())


def test_another_secret_of_the_client_counts_at_once() -> None:
    async def play() -> None:
        scene = Scene()
        await scene.desk.follow(config(orders=OWN))
        await settled()
        changed = {**SERVER, "client": {"id": "gateway", "secret": "another"}}
        await scene.desk.follow(config(orders={"client_credentials": changed}))
        await settled()
        assert len(scene.server.asked) == len(scene.connected) == 2
        assert len(scene.closed) == 1
        await scene.desk.stop()

    asyncio.run(play())


def test_upstreams_with_the_same_client_share_its_connections() -> None:
    async def play() -> None:
        scene = Scene()
        other = {"client_credentials": {**SERVER, "client": {"id": "other", "secret": SECRET}}}
        await scene.desk.follow(config(orders=OWN, stock=EXCHANGED, bills=other))
        assert scene.connected == ["gateway", "other"]
        await scene.desk.follow(config(stock=EXCHANGED))
        assert scene.closed == ["other"]
        await scene.desk.stop()
        assert scene.closed == ["other", "gateway"]

    asyncio.run(play())


def test_the_status_tells_what_is_wrong_and_no_secret() -> None:
    async def play() -> None:
        scene = Scene()
        await scene.desk.follow(config(orders=OWN, stock=EXCHANGED))
        await settled()
        scene.server.answer = FetchFailed("status 500 instead of 200")
        await scene.server.pass_time(80)
        state = scene.desk.state()
        assert [(each["upstream"], each["kind"]) for each in state] == [
            ("orders", "client_credentials"),
            ("stock", "token_exchange"),
        ]
        assert state[0]["good_for_seconds"] == 10.0
        assert SECRET not in str(state)
        assert "first" not in str(state)
        await scene.desk.stop()

    asyncio.run(play())
