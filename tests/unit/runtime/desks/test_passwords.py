"""Whose passwords are right, while configurations come and go."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from hotgate.identity.passwords.password_hash import hashed
from hotgate.runtime.compiling.model import built_in_model
from hotgate.runtime.desks.answers import NotAsked
from hotgate.runtime.desks.passwords import Passwords

MODEL = built_in_model()
LISTENER = {"name": "web", "bind": "127.0.0.1:0"}
OLD, NEW = hashed("old"), hashed("new")
LDAP = {"url": "ldaps://ldap.example", "bind_dn": "cn=reader", "users": {"base": "dc=example"}}


def staff(**settings: Any) -> Any:
    return MODEL.model_validate({"listeners": [LISTENER], "identity": {"staff": settings}})


def with_hash(hash_: str) -> Any:
    return staff(basic={"users": {"ada": {"hash": hash_}}})


def with_directory(password: str) -> Any:
    return staff(ldap={**LDAP, "bind_password": password})


def source(configuration: Any) -> str:
    name: str = configuration.identity["staff"].settings.source("staff")
    return name


async def is_right(desk: Passwords, configuration: Any, password: str) -> object:
    asked = {"source": source(configuration), "name": "ada", "password": password}
    return (await desk.answer(asked))["right"]


def play(script: Callable[[Passwords], Coroutine[Any, Any, None]]) -> None:
    async def playing() -> None:
        desk = Passwords()
        try:
            await script(desk)
        finally:
            desk.stop()

    asyncio.run(playing())


def test_a_worker_that_is_ahead_is_not_told_that_an_old_password_is_right() -> None:
    """It would remember that for as long as `cache` says."""

    async def script(desk: Passwords) -> None:
        desk.follow(with_hash(OLD))
        desk.add(with_hash(NEW))
        assert not await is_right(desk, with_hash(NEW), "old")
        assert await is_right(desk, with_hash(NEW), "new")
        assert await is_right(desk, with_hash(OLD), "old")

    play(script)


def test_nobody_of_an_earlier_configuration_is_known() -> None:
    async def script(desk: Passwords) -> None:
        desk.follow(with_hash(OLD))
        desk.follow(with_hash(NEW))
        with pytest.raises(KeyError):
            await is_right(desk, with_hash(OLD), "old")
        desk.follow(with_directory("secret"))
        with pytest.raises(KeyError):
            await is_right(desk, with_hash(NEW), "new")

    play(script)


def test_a_directory_outlives_a_reload_unless_the_gateway_is_somebody_else_there() -> None:
    async def script(desk: Passwords) -> None:
        desk.follow(with_directory("secret"))
        kept = desk._directories.copy()
        desk.follow(with_directory("secret"))
        assert desk._directories == kept
        desk.follow(with_directory("another"))
        assert desk._directories.keys() == kept.keys()
        assert desk._directories != kept

    play(script)


def test_the_name_of_settings_tells_no_secret_and_every_change() -> None:
    names = {source(each) for each in (with_hash(OLD), with_hash(NEW), with_directory("secret"))}
    assert len(names) == 3
    assert not any(OLD in name or "secret" in name for name in names)


def test_who_only_looks_makes_no_directory_count_a_wrong_password() -> None:
    async def script(desk: Passwords) -> None:
        for configuration in (with_hash(OLD), with_directory("a")):
            desk.follow(configuration)
            asked = {"source": source(configuration), "name": "ada", "password": "old"}
            if "ldap" in str(configuration.identity["staff"].mechanism):
                with pytest.raises(NotAsked, match="directory"):
                    await desk.look(asked)
            else:
                assert await desk.look(asked) == {"right": True}

    play(script)
