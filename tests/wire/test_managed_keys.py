"""Keys of the store, through a socket: who gets in, and what the others hear."""

import base64
import secrets

import pytest

from hotgate.control.key_request import KeyChanges
from hotgate.identity.api_keys.managed_key import checksum, generate
from hotgate.store.records import Consumer
from wire.key_store import MAX_STALE, key_store
from wire.message import Message
from wire.samples import CHUNKED_POST, chunk, get, ok
from wire.scenario import Wire, scenario


def asking(key: str, *fields: str) -> bytes:
    return get("/", f"X-Api-Key: {key}", *fields)


async def answer(wire: Wire, request: bytes) -> Message:
    """What a client hears whose request does not reach a backend."""
    client = await wire.send(request)
    return await client.message()


async def passes(wire: Wire, request: bytes) -> Message:
    """What the backend gets of a request that is let through."""
    received, answered = await wire.exchange(request, ok(b"", "Connection: close"))
    assert answered.status == 200
    return received


async def is_refused(wire: Wire, request: bytes, status: int, code: str, log_detail: str) -> None:
    answered = await answer(wire, request)
    assert (answered.status, answered.code) == (status, code)
    assert log_detail in wire.last_record["log_detail"]
    assert log_detail.encode() not in answered.body


@scenario()
async def test_a_key_of_the_store_gets_in_and_stays_behind(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue(scopes=("orders:read",), roles=("auditor",))
        received = await passes(wire, asking(issued.key))
        assert received.get(b"x-auth-subject") == b"acme"
        assert received.get(b"x-auth-scopes") == b"orders:read"
        assert received.get(b"x-auth-roles") == b"auditor,partner"
        assert received.get(b"x-api-key") is None


@scenario()
async def test_a_key_from_before_the_pepper_was_replaced_still_gets_in(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        _, older = store.credentials.peppers.candidates(issued.key.encode())
        await store.store.change_key(issued.record.id, digest=older)
        store.tick()
        await passes(wire, asking(issued.key))


@scenario()
async def test_what_is_no_key_is_answered_the_same_whatever_is_wrong(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        other_environment = await store.issue(environment="test")
        typo = issued.key[:-1] + ("x" if issued.key[-1] != "x" else "y")
        presented = [
            typo,
            generate("live").text,
            other_environment.key,
            "3d9a0f4c-not-a-real-key",
            "short",
            "x" * 513,
            "x" * 4000,
            issued.record.digest.hex(),
            issued.record.id,
        ]
        answers = {await _bare_answer(wire, key) for key in presented}
        assert len(answers) == 1, answers


async def _bare_answer(wire: Wire, key: str) -> bytes:
    """Everything of an answer that is not new in each."""
    answered = await answer(wire, asking(key))
    assert (answered.status, answered.code) == (401, "key-unknown")
    moving = (wire.last_record["request_id"].encode(), answered.get(b"date") or b"-")
    text = repr((answered.start, answered.fields, answered.body)).encode()
    for part in moving:
        text = text.replace(part, b"")
    return text


@scenario()
async def test_a_key_ends_while_it_is_in_use(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue(expires=store.now + 60)
        await passes(wire, asking(issued.key))
        store.now += 59.9
        await passes(wire, asking(issued.key))
        store.now += 0.1
        await is_refused(wire, asking(issued.key), 401, "key-expired", issued.record.id)


@scenario()
async def test_a_key_is_not_good_before_its_time(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue(not_before=store.now + 60)
        await is_refused(wire, asking(issued.key), 401, "key-not-yet-valid", issued.record.id)
        store.now += 60
        await passes(wire, asking(issued.key))


@scenario()
async def test_a_key_is_revoked_while_it_is_in_use(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        await passes(wire, asking(issued.key))
        await store.keys.revoke(issued.record.id, "found in a public repository")
        store.tick()
        await is_refused(wire, asking(issued.key), 401, "key-revoked", "found in a public repository")


@scenario()
async def test_a_consumer_is_disabled_and_enabled_while_its_key_is_in_use(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        await passes(wire, asking(issued.key))
        await store.consumers.change("acme", {"is_disabled": True})
        store.tick()
        await is_refused(wire, asking(issued.key), 403, "forbidden", "consumer acme is disabled")
        await store.consumers.change("acme", {"is_disabled": False})
        store.tick()
        await passes(wire, asking(issued.key))


@scenario()
async def test_a_consumer_that_is_removed_takes_its_keys_along(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        await passes(wire, asking(issued.key))
        await store.consumers.remove("acme")
        store.tick()
        await is_refused(wire, asking(issued.key), 401, "key-unknown", "no such key")


@scenario()
async def test_other_scopes_take_effect_on_a_key_in_use(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue(scopes=("orders:read", "orders:write"))
        await passes(wire, asking(issued.key))
        await store.keys.change(issued.record.id, KeyChanges(scopes=("orders:read",)))
        store.tick()
        assert (await passes(wire, asking(issued.key))).get(b"x-auth-scopes") == b"orders:read"


@scenario()
async def test_both_keys_are_good_until_the_overlap_ends(wire: Wire) -> None:
    async with key_store(wire) as store:
        old = await store.issue(scopes=("orders:read",))
        new = await store.keys.rotate(old.record.id, overlap=3600.0)
        store.tick()
        await passes(wire, asking(old.key))
        assert (await passes(wire, asking(new.key))).get(b"x-auth-scopes") == b"orders:read"
        store.tick(3600.0)
        await is_refused(wire, asking(old.key), 401, "key-expired", old.record.id)
        await passes(wire, asking(new.key))


@scenario()
async def test_a_key_is_good_from_its_networks_only(wire: Wire) -> None:
    async with key_store(wire) as store:
        elsewhere = await store.issue(networks=("192.0.2.0/24", "2001:db8::/32"))
        here = await store.issue(networks=("192.0.2.0/24", "127.0.0.1"))
        await is_refused(wire, asking(elsewhere.key), 403, "forbidden", "not for 127.0.0.1")
        # A client's own word about its address counts for nothing.
        request = asking(elsewhere.key, "X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1")
        await is_refused(wire, request, 403, "forbidden", "not for 127.0.0.1")
        await passes(wire, asking(here.key))


@scenario()
async def test_a_key_is_good_for_its_routes_only(wire: Wire) -> None:
    async with key_store(wire) as store:
        other = await store.issue(routes=("reports",))
        this = await store.issue(routes=("reports", "all"))
        await is_refused(wire, asking(other.key), 403, "forbidden", "not for route all")
        await passes(wire, asking(this.key))


@scenario()
async def test_without_its_file_known_keys_work_on_for_a_while_and_others_get_503(wire: Wire) -> None:
    async with key_store(wire) as store:
        known, unseen = await store.issue(), await store.issue()
        await passes(wire, asking(known.key))
        store.file.rename(store.file.with_suffix(".gone"))
        store.tick(1.0)
        await passes(wire, asking(known.key))
        for key in (unseen.key, generate("live").text):
            answered = await answer(wire, asking(key))
            assert (answered.status, answered.code) == (503, "store-unavailable")
            assert answered.get(b"retry-after") == b"5"
        store.tick(MAX_STALE)
        assert (await answer(wire, asking(known.key))).code == "store-unavailable"
        store.file.with_suffix(".gone").rename(store.file)
        store.tick(1.0)
        await passes(wire, asking(unseen.key))


@scenario()
async def test_without_its_file_a_typo_is_still_told_from_a_key(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        store.file.unlink()
        store.tick(1.0)
        await is_refused(wire, asking(issued.key[:-1]), 401, "key-unknown", "wrong checksum")


@scenario()
async def test_a_flood_of_unknown_keys_stays_bounded_and_harms_nobody(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        client = await wire.connect()
        for _ in range(1500):
            client.send(asking(generate("live").text))
            assert (await client.message()).code == "key-unknown"
        assert len(store.credentials._unknown) <= 1000
        await passes(wire, asking(issued.key))


@scenario()
async def test_each_use_is_noted(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        await answer(wire, asking(generate("live").text))
        await passes(wire, asking(issued.key))
        assert store.credentials.last_used.take() == {issued.record.id: store.now}


@scenario()
async def test_a_key_in_two_places_is_refused(wire: Wire) -> None:
    async with key_store(wire, basic=True, query="api_key") as store:
        issued = await store.issue()
        basic = f"Authorization: Basic {base64.b64encode(f'{issued.key}:'.encode()).decode()}"
        await is_refused(wire, asking(issued.key, basic), 401, "key-unknown", "two places")
        in_query = get(f"/?api_key={issued.key}", f"X-Api-Key: {issued.key}")
        await is_refused(wire, in_query, 401, "key-unknown", "two places")
        twice = get(f"/?api_key={issued.key}&a=1&api_key={issued.key}")
        await is_refused(wire, twice, 401, "key-unknown", "more than once")


@scenario()
async def test_a_key_in_http_basic(wire: Wire) -> None:
    async with key_store(wire, basic=True) as store:
        issued = await store.issue()
        for pair in (f"{issued.key}:", f":{issued.key}"):
            field = f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}"
            assert (await passes(wire, get("/", field))).get(b"authorization") is None
        missing = await answer(wire, get("/"))
        assert missing.get(b"www-authenticate") == (
            b'ApiKey realm="partners", header="x-api-key", Basic realm="partners", charset="UTF-8"'
        )


@scenario()
async def test_a_key_behind_a_scheme(wire: Wire) -> None:
    async with key_store(wire, header="authorization", scheme="ApiKey") as store:
        issued = await store.issue()
        assert (await passes(wire, get("/", f"Authorization: apikey {issued.key}"))).get(b"authorization") is None
        assert (await answer(wire, get("/", f"Authorization: Bearer {issued.key}"))).code == "token-missing"


@pytest.mark.parametrize("name", ["api_key", "%61pi_key", "api%5fkey", "api%5Fkey"])
@pytest.mark.parametrize(("before", "after"), [("", ""), ("a=1&", ""), ("", "&b=%26"), ("a=1&", "&&b=2")])
def test_a_key_in_the_query_goes_no_further(name: str, before: str, after: str) -> None:
    @scenario()
    async def play(wire: Wire) -> None:
        async with key_store(wire, query="api_key") as store:
            issued = await store.issue()
            encoded = issued.key.replace("_", "%5f", 1)
            received = await passes(wire, get(f"/x?{before}{name}={encoded}{after}"))
            kept = "&".join(part.strip("&") if part != "&&b=2" else "&b=2" for part in (before, after) if part)
            assert received.start == f"GET /x{'?' if kept else ''}{kept} HTTP/1.1".encode()
            assert issued.key[8:] not in repr(received)
            assert issued.key[8:] not in repr(wire.last_record)

    play()


@scenario()
async def test_the_query_is_not_looked_at_unless_asked_for(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        assert (await answer(wire, get(f"/?api_key={issued.key}&x-api-key={issued.key}"))).code == "token-missing"
        assert issued.key not in repr(wire.last_record)


@scenario()
async def test_a_key_in_a_trailer_opens_nothing_and_goes_no_further(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        trailer = f"0\r\nX-Api-Key: {issued.key}\r\nX-Fine: 1\r\n\r\n".encode()
        refused = await answer(wire, CHUNKED_POST + chunk(b"a") + trailer)
        assert (refused.status, refused.code) == (401, "token-missing")
        with_head = CHUNKED_POST.replace(b"\r\n\r\n", f"\r\nX-Api-Key: {issued.key}\r\n\r\n".encode())
        received = await passes(wire, with_head + chunk(b"a") + trailer)
        assert received.trailers == [(b"x-fine", b"1")]


@scenario()
async def test_two_consumers_do_not_share_a_key_or_its_end(wire: Wire) -> None:
    async with key_store(wire) as store:
        await store.consumers.create(Consumer("globex"))
        mine, theirs = await store.issue(), await store.issue(consumer="globex")
        await store.keys.revoke(theirs.record.id, "left us")
        store.tick()
        assert (await passes(wire, asking(mine.key))).get(b"x-auth-subject") == b"acme"
        await is_refused(wire, asking(theirs.key), 401, "key-revoked", "left us")


@scenario()
async def test_a_known_id_with_another_secret_is_as_unknown_as_any(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        await store.keys.revoke(issued.record.id, "stolen")
        store.tick()
        forged = _with_checksum(f"hg_live_{issued.record.id}_{secrets.token_hex(16)}")
        await is_refused(wire, asking(forged), 401, "key-unknown", "no such key")


def _with_checksum(body: str) -> str:
    return body + checksum(body.encode())
