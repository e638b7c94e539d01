"""Cookies that keep a client with its target: they tell nothing, and mean nothing but a target."""

import pytest

from hotgate.pipeline.exchange import Exchange
from hotgate.testing import make_exchange
from hotgate.upstream.balance import round_robin
from hotgate.upstream.sticky import Sticky
from hotgate.upstream.target import Target

SECRET = "0123456789abcdef"
TARGETS = [Target(f"http://10.0.0.{number}:80", "127.0.0.1", 9) for number in range(3)]


def sticky(secret: str = SECRET, ttl: float | None = None) -> Sticky:
    return Sticky("hg", secret, ttl, round_robin)


def with_cookie(value: str) -> Exchange:
    return make_exchange(headers={"cookie": f"a=b; hg={value}"})


def issued(target: Target, maker: Sticky | None = None) -> str:
    field = (maker or sticky()).new_cookie(make_exchange(), target)
    assert field is not None
    return field[1].decode().partition(";")[0].removeprefix("hg=")


@pytest.mark.parametrize("target", TARGETS)
def test_a_client_comes_back_to_its_target(target: Target) -> None:
    choose = sticky()(TARGETS)
    exchange = with_cookie(issued(target))
    assert {choose(exchange) for _ in range(4)} == {target}
    assert sticky().new_cookie(exchange, target) is None


def test_other_clients_go_in_turn() -> None:
    choose = sticky()(TARGETS)
    assert {choose(make_exchange()) for _ in range(3)} == set(TARGETS)
    assert {choose(None) for _ in range(3)} == set(TARGETS)


def test_a_target_that_is_gone_is_replaced() -> None:
    exchange = with_cookie(issued(TARGETS[0]))
    chosen = sticky()(TARGETS[1:])(exchange)
    assert chosen in TARGETS[1:]
    assert sticky().new_cookie(exchange, chosen) is not None


@pytest.mark.parametrize(
    "forged", ["", "http://10.0.0.1:80", "10.0.0.1", "x" * 22, issued(TARGETS[0], sticky("another secret!!"))]
)
def test_what_was_not_issued_means_nothing(forged: str) -> None:
    choose = sticky()(TARGETS)
    assert {choose(with_cookie(forged)) for _ in range(3)} == set(TARGETS)


def test_the_cookie_tells_nothing() -> None:
    values = {issued(target) for target in TARGETS}
    assert len(values) == len({len(value) for value in values}) * 3 == 3
    assert not any("10" in value and "." in value for value in values)
    assert issued(TARGETS[0]) != issued(TARGETS[0], sticky("another secret!!"))


def test_attributes() -> None:
    exchange = make_exchange()
    plain = sticky().new_cookie(exchange, TARGETS[0])
    assert plain is not None
    assert plain[0] == b"set-cookie"
    assert plain[1].endswith(b"; Path=/; HttpOnly; SameSite=Lax")
    exchange.request.scheme = "https"
    secure = sticky(ttl=3600.0).new_cookie(exchange, TARGETS[0])
    assert secure is not None
    assert secure[1].endswith(b"; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600; Secure")
