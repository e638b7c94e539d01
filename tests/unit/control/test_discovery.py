"""Discovery: where the keys are said to be, and every way in which that word can be a trap."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from hotgate.control.discovery import Discovery
from hotgate.control.download import MAX_BYTES, FetchFailed
from hotgate.control.jwks_fetch import JwksFetch
from hotgate.control.kept_reading import INTERVAL
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation
from hotgate.testing.issuer import Issuer

ISSUER = "https://idp.test/realms/acme"
METADATA = f"{ISSUER}/.well-known/openid-configuration"
OAUTH = "https://idp.test/.well-known/oauth-authorization-server/realms/acme"
JWKS = "https://keys.test/jwks"
KEYS = json.dumps(Issuer().jwks()).encode()
PUBLIC, OTHER = "93.184.215.14", "93.184.215.15"


class Body(httpx.AsyncByteStream):
    """Bytes that arrive from somewhere."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.content


class Internet:
    """Documents by URL, addresses by name. asked: the URLs, with the addresses that were really connected to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.documents: dict[str, httpx.Response | Exception] = {}
        self.addresses: dict[str, Sequence[str]] = {"idp.test": [PUBLIC], "keys.test": [OTHER]}
        self.asked: list[tuple[str, str]] = []
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer), follow_redirects=True)
        self.discovery = Discovery(self.client, self.resolve, lambda: self.now)
        self.publish()

    def publish(self, url: str = METADATA, **members: Any) -> None:
        self.documents[url] = ok({"issuer": ISSUER, "jwks_uri": JWKS, **members})
        self.documents.setdefault(JWKS, httpx.Response(200, content=KEYS))

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        return self.addresses.get(host, [host])

    def answer(self, request: httpx.Request) -> httpx.Response:
        host = request.headers["host"]
        assert request.extensions["sni_hostname"] == host.partition(":")[0]
        url = f"{request.url.scheme}://{host}{request.url.raw_path.decode()}"
        self.asked.append((url, request.url.host))
        found = self.documents.get(url, httpx.Response(404))
        if isinstance(found, Exception):
            raise found
        return httpx.Response(found.status_code, headers=found.headers, stream=Body(found.content))

    async def keys(self, issuer: str = ISSUER, url: str | None = None) -> bytes:
        return (await self.discovery.keys(DiscoveryLocation(issuer, url))).body


def ok(document: Any) -> httpx.Response:
    return httpx.Response(200, content=json.dumps(document).encode())


def play(scenario: Callable[[Internet], Awaitable[None]]) -> None:
    async def playing() -> None:
        internet = Internet()
        async with internet.client:
            await scenario(internet)

    asyncio.run(playing())


def failure(change: Callable[[Internet], None]) -> tuple[str, Internet]:
    """What is said of an issuer after a change."""
    worlds: list[Internet] = []

    async def scenario(internet: Internet) -> None:
        change(internet)
        worlds.append(internet)
        with pytest.raises(FetchFailed) as caught:
            await internet.keys()
        worlds.append(caught.value)  # type: ignore[arg-type]

    play(scenario)
    return str(worlds[1]), worlds[0]


def test_the_keys_are_where_the_metadata_says() -> None:
    async def scenario(internet: Internet) -> None:
        assert await internet.keys() == KEYS
        assert internet.asked == [(METADATA, PUBLIC), (JWKS, OTHER)]

    play(scenario)


def test_an_oauth_server_has_its_metadata_elsewhere() -> None:
    async def scenario(internet: Internet) -> None:
        del internet.documents[METADATA]
        internet.publish(OAUTH)
        assert await internet.keys() == KEYS
        assert [url for url, _ in internet.asked] == [METADATA, OAUTH, JWKS]

    play(scenario)


def test_a_broken_first_place_is_no_reason_to_look_at_the_second() -> None:
    def change(internet: Internet) -> None:
        internet.documents[METADATA] = httpx.Response(503)
        internet.publish(OAUTH)

    assert failure(change)[0] == "status 503 instead of 200"


def test_a_given_address_is_asked_alone() -> None:
    async def scenario(internet: Internet) -> None:
        internet.publish("https://idp.test/metadata")
        assert await internet.keys(url="https://idp.test/metadata") == KEYS
        assert internet.asked[0][0] == "https://idp.test/metadata"

    play(scenario)


@pytest.mark.parametrize(
    ("issuer", "named"),
    [
        (ISSUER + "/", f": it says {ISSUER}/"),
        ("https://idp.test", ": it says https://idp.test"),
        ("https://evil.test\n", ""),
        ("https://evil.test?password=x", ""),
        (None, ""),
        ([ISSUER], ""),
    ],
)
def test_metadata_of_another_issuer_is_refused(issuer: Any, named: str) -> None:
    said, internet = failure(lambda internet: internet.publish(issuer=issuer))
    assert said == f"the metadata is of another issuer{named}"
    assert len(internet.asked) == 1


@pytest.mark.parametrize(
    "jwks_uri",
    [
        None,
        "http://keys.test/jwks",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "https://user:password@keys.test/jwks",
        "https://keys.test/jwks#x",
        "https:///jwks",
        "//keys.test/jwks",
        ["https://keys.test/jwks"],
        "https://keys.test/\r\nx: y",
        "https://keys.test/" + "x" * 2048,
    ],
)
def test_keys_are_only_fetched_over_https(jwks_uri: Any) -> None:
    said, internet = failure(lambda internet: internet.publish(jwks_uri=jwks_uri))
    assert said == "the metadata has no https address under `jwks_uri`"
    assert len(internet.asked) == 1


@pytest.mark.parametrize(
    "inside",
    ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"],
)
def test_a_name_that_leads_inside_is_not_followed(inside: str) -> None:
    def change(internet: Internet) -> None:
        internet.addresses["keys.test"] = [inside]

    said, internet = failure(change)
    assert said.startswith("the address it names is ")
    assert [address for _, address in internet.asked] == [PUBLIC]


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "http://127.0.0.1/", "http://localhost/"])
def test_an_address_inside_is_not_followed(url: str) -> None:
    def change(internet: Internet) -> None:
        internet.addresses["localhost"] = ["127.0.0.1"]
        internet.publish(jwks_uri=url)

    assert failure(change)[0] == "the address it names is loopback, and that of the metadata is not"


def test_one_address_inside_among_others_is_one_too_many() -> None:
    def change(internet: Internet) -> None:
        internet.addresses["keys.test"] = [OTHER, "169.254.169.254"]

    assert "link-local" in failure(change)[0]


def test_an_issuer_inside_may_have_its_keys_inside_but_not_everywhere() -> None:
    async def scenario(internet: Internet) -> None:
        internet.addresses.update({"idp.test": ["10.0.0.1"], "keys.test": ["10.0.0.2"]})
        assert await internet.keys() == KEYS
        internet.addresses["keys.test"] = ["169.254.169.254"]
        with pytest.raises(FetchFailed, match="link-local"):
            await internet.keys()

    play(scenario)


def test_a_name_that_changes_its_mind_is_judged_again() -> None:
    async def scenario(internet: Internet) -> None:
        await internet.keys()
        internet.addresses.update({"idp.test": ["127.0.0.1"], "keys.test": ["127.0.0.1"]})
        with pytest.raises(FetchFailed, match="loopback"):
            await internet.keys()

    play(scenario)


@pytest.mark.parametrize("location", ["http://169.254.169.254/", "https://idp.test/other", JWKS])
@pytest.mark.parametrize("url", [METADATA, JWKS])
def test_redirects_are_not_followed(url: str, location: str) -> None:
    def change(internet: Internet) -> None:
        internet.documents[url] = httpx.Response(302, headers={"location": location})

    said, internet = failure(change)
    assert said == "status 302 instead of 200"
    assert internet.asked[-1][0] == url


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"issuer": "a", "issuer": "b"}', b"{" * 100, b"\xff"])
def test_metadata_that_is_no_json_object_is_refused(content: bytes) -> None:
    def change(internet: Internet) -> None:
        internet.documents[METADATA] = httpx.Response(200, content=content)

    assert failure(change)[0] == "the metadata is not a JSON object"


def test_metadata_of_megabytes_is_cut_off() -> None:
    said, _ = failure(lambda internet: internet.publish(padding="x" * MAX_BYTES))
    assert said == f"more than {MAX_BYTES} bytes"


def test_a_name_without_an_address_is_a_failure() -> None:
    assert failure(lambda internet: internet.addresses.update({"idp.test": []}))[0] == "its name has no address"


@pytest.mark.parametrize("failure", [httpx.ConnectError("down"), httpx.ConnectTimeout("silent")])
def test_the_second_address_is_tried_when_the_first_is_down(failure: Exception) -> None:
    async def scenario(internet: Internet) -> None:
        answer = internet.answer

        def first_is_down(request: httpx.Request) -> httpx.Response:
            if request.url.host == PUBLIC:
                raise failure
            return answer(request)

        internet.addresses["idp.test"] = [PUBLIC, OTHER]
        async with httpx.AsyncClient(transport=httpx.MockTransport(first_is_down)) as client:
            internet.discovery = Discovery(client, internet.resolve)
            assert await internet.keys() == KEYS

    play(scenario)


def test_metadata_is_read_again_after_its_time_and_not_before() -> None:
    async def scenario(internet: Internet) -> None:
        await internet.keys()
        internet.now += INTERVAL - 1
        await internet.keys()
        assert [url for url, _ in internet.asked] == [METADATA, JWKS, JWKS]
        moved = "https://keys.test/moved"
        internet.publish(jwks_uri=moved)
        internet.documents[moved] = httpx.Response(200, content=KEYS)
        internet.now += INTERVAL
        await internet.keys()
        assert [url for url, _ in internet.asked[3:]] == [METADATA, moved]

    play(scenario)


def test_keys_that_have_moved_are_looked_for_at_once() -> None:
    async def scenario(internet: Internet) -> None:
        await internet.keys()
        internet.documents[JWKS] = httpx.Response(404)
        with pytest.raises(FetchFailed):
            await internet.keys()
        internet.publish(jwks_uri="https://keys.test/moved")
        internet.documents["https://keys.test/moved"] = httpx.Response(200, content=KEYS)
        assert await internet.keys() == KEYS

    play(scenario)


@pytest.mark.parametrize(
    "broken", [httpx.Response(503), httpx.ConnectError("down"), ok({"issuer": "https://evil.test"})]
)
def test_keys_stay_where_they_were_when_the_metadata_breaks(
    broken: httpx.Response | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(internet: Internet) -> None:
        await internet.keys()
        internet.now += INTERVAL + 1
        internet.documents[METADATA] = broken
        assert await internet.keys() == KEYS

    play(scenario)
    assert "what it said before stays" in caplog.text


def test_metadata_that_hangs_leaves_time_for_the_keys(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(internet: Internet) -> None:
        async def hangs(host: str, port: int) -> Sequence[str]:
            if host == "idp.test" and internet.asked:
                await asyncio.Event().wait()
            return await internet.resolve(host, port)

        discovery = Discovery(internet.client, hangs, lambda: internet.now, patience=0.01)
        for _ in range(2):
            assert (await discovery.keys(DiscoveryLocation(ISSUER))).body == KEYS
            internet.now += INTERVAL + 1

    play(scenario)
    assert "what it said before stays: TimeoutError" in caplog.text


def test_a_key_set_is_fetched_through_discovery() -> None:
    async def scenario(internet: Internet) -> None:
        fetch = JwksFetch(internet.client, Path("unused"), resolve=internet.resolve)
        fetched = await fetch(str(DiscoveryLocation(ISSUER)))
        assert fetched.document == json.loads(KEYS)

    play(scenario)


def test_a_key_set_of_ten_thousand_keys_is_refused() -> None:
    async def scenario(internet: Internet) -> None:
        many = [{"kty": "RSA", "kid": str(number)} for number in range(10_000)]
        fetch = JwksFetch(internet.client, Path("unused"), resolve=internet.resolve)
        for keys in (many, many[:5000]):
            internet.documents[JWKS] = ok({"keys": keys})
            with pytest.raises(FetchFailed, match=r"more than (64 keys|262144 bytes)"):
                await fetch(str(DiscoveryLocation(ISSUER)))

    play(scenario)


def test_an_issuer_that_does_not_answer_does_not_hold_up_anybody() -> None:
    async def scenario(internet: Internet) -> None:
        async def never(host: str, port: int) -> Sequence[str]:
            await asyncio.Event().wait()
            return []

        fetch = JwksFetch(internet.client, Path("unused"), timeout=0.01, resolve=never)
        with pytest.raises(FetchFailed, match="no complete answer"):
            await fetch(str(DiscoveryLocation(ISSUER)))

    play(scenario)
