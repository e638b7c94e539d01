"""`/api/v1/keys`: API keys. A secret is in the answer that makes it, and nowhere else."""

import json
import time

from hotgate.control import key_request
from hotgate.control.administration_error import AdministrationError
from hotgate.control.api.endpoint import Answer, Call, Endpoint
from hotgate.control.api.fields import given, next_page, seconds
from hotgate.control.api.input import Nothing
from hotgate.control.api.key_models import (
    Import,
    Imported,
    Key,
    KeyChanges,
    KeyPage,
    KeyRevocation,
    Keys,
    NewKey,
    NewlyIssuedKey,
    Rotation,
    state_of,
)
from hotgate.control.key_administration import IssuedKey
from hotgate.control.problem import Problem, WrongMember

_ALL, _ONE = "/v1/keys", "/v1/keys/{id}"
_UNKNOWN = {404: ("key-unknown",)}
_TAKEN_AWAY = {"not_before": key_request.FOREVER, "expires": key_request.FOREVER, "limit": ""}


async def list_keys(call: Call, page: KeyPage) -> Answer:
    """By id."""
    found = await call.records.keys.list(page.consumer, page.after, page.limit)
    last, now = found[-1].id if found else "", time.time()
    items = [Key.of(each) for each in found if page.state in (None, state_of(each, now))]
    return Answer(200, Keys(items=items, next=next_page(len(found), page.limit, last)))


async def create_key(call: Call, new: NewKey) -> Answer:
    """Make one."""
    values = new.model_dump() | {"not_before": seconds(new.not_before), "expires": seconds(new.expires)}
    return _issued(await call.records.keys.create(key_request.KeyRequest(**values)))


async def get_key(call: Call, _: Nothing) -> Answer:
    """One of them."""
    return Answer(200, Key.of(await call.records.keys.get(call.path["id"])))


async def change_key(call: Call, changes: KeyChanges) -> Answer:
    """Replace the members that were sent."""
    values = given(changes)
    values |= {name: seconds(values[name]) for name in ("not_before", "expires") if name in values}
    values |= {name: gone for name, gone in _TAKEN_AWAY.items() if name in values and values[name] is None}
    changed = await call.records.keys.change(call.path["id"], key_request.KeyChanges(**values))
    return Answer(200, Key.of(changed), changed.id)


async def rotate_key(call: Call, rotation: Rotation) -> Answer:
    """Make a successor."""
    return _issued(await call.records.keys.rotate(call.path["id"], rotation.overlap))


async def revoke_key(call: Call, revocation: KeyRevocation) -> Answer:
    """End it."""
    revoked = await call.records.keys.revoke(call.path["id"], revocation.reason)
    return Answer(200, Key.of(revoked), revoked.id)


async def import_keys(call: Call, given_keys: Import) -> Answer:
    """All of them, or none."""
    lines = "\n".join(json.dumps(key) for key in given_keys.keys)
    try:
        made = await call.records.key_import.run(lines, create_consumers=given_keys.create_consumers)
    except AdministrationError as error:
        wrong = [WrongMember(f"/keys/{line.number - 1}", line.says) for line in error.lines]
        raise Problem(422, error.code, str(error), wrong) from None
    return Answer(201, Imported(items=[Key.of(each) for each in made]), f"{len(made)} keys")


def _issued(issued: IssuedKey) -> Answer:
    key_id = issued.record.id
    return Answer(201, NewlyIssuedKey.issued(issued), key_id, {"location": f"/api/v1/keys/{key_id}"})


ENDPOINTS = (
    Endpoint("list-keys", "GET", _ALL, "List keys, without their secrets.", list_keys, {200: Keys}, KeyPage),
    Endpoint(
        "create-key",
        "POST",
        _ALL,
        "Make a key. Its secret is in this answer, and never shown again.",
        create_key,
        {201: NewlyIssuedKey},
        NewKey,
        {422: ("consumer-unknown",)},
    ),
    Endpoint(
        "import-keys",
        "POST",
        "/v1/keys/import",
        "Take over keys of another system: all of them, or none.",
        import_keys,
        {201: Imported},
        Import,
        {422: ("import-invalid",)},
    ),
    Endpoint("get-key", "GET", _ONE, "Show a key.", get_key, {200: Key}, problems=_UNKNOWN),
    Endpoint(
        "change-key",
        "PATCH",
        _ONE,
        "Change the members that are sent (null takes a time or limit away).",
        change_key,
        {200: Key},
        KeyChanges,
        _UNKNOWN,
    ),
    Endpoint(
        "rotate-key",
        "POST",
        f"{_ONE}/rotate",
        "Make a new key with the same attributes; the old one ends after the overlap.",
        rotate_key,
        {201: NewlyIssuedKey},
        Rotation,
        {**_UNKNOWN, 409: ("key-not-live",)},
    ),
    Endpoint(
        "revoke-key",
        "POST",
        f"{_ONE}/revoke",
        "Refuse a key from now on, for good. A second time changes nothing.",
        revoke_key,
        {200: Key},
        KeyRevocation,
        _UNKNOWN,
    ),
)
