"""`health`, `ejection`, `panic_threshold` and `resolver`: what may be written."""

from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.config.resilience import Ejection, Health, Nameserver, Resolver
from hotgate.config.status_range import StatusRange, all_statuses, parse_statuses
from hotgate.config.upstreams import Upstream

TARGETS = {"targets": ["http://a:80"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (503, StatusRange(503, 503)),
        ("503", StatusRange(503, 503)),
        ("5xx", StatusRange(500, 599)),
        ("200-399", StatusRange(200, 399)),
    ],
)
def test_statuses(text: object, expected: StatusRange) -> None:
    assert parse_statuses(text) == expected


@pytest.mark.parametrize("text", [99, 600, "6xx", "399-200", "200-", "2XX", True, None, 200.0, "200 - 399", "٢00"])
def test_what_are_no_statuses(text: object) -> None:
    with pytest.raises(ValueError, match="write a status"):
        parse_statuses(text)


def test_all_statuses_of_several_ranges() -> None:
    assert all_statuses([StatusRange(500, 501), StatusRange(501, 502)]) == {500, 501, 502}


@pytest.mark.parametrize(
    "settings",
    [
        {"path": "/healthz"},
        {"path": "/up?deep=1", "method": "HEAD", "expect": [200, "3xx"], "host": "a.internal:80", "port": 8081},
        {"tcp": True, "every": "1s", "timeout": "500ms", "healthy_after": 1, "unhealthy_after": 1},
    ],
)
def test_health(settings: dict[str, Any]) -> None:
    Health.model_validate(settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "needs either"),
        ({"path": "/", "tcp": True}, "needs either"),
        ({"tcp": False}, "needs either"),
        ({"tcp": True, "method": "HEAD"}, "leave out method"),
        ({"path": "healthz"}, "path"),
        ({"path": "/a b"}, "path"),
        ({"path": "/a\r\nX: y"}, "path"),
        ({"path": "/ä"}, "path"),
        ({"path": "/", "host": "a\r\nX: y"}, "host name"),
        ({"path": "/", "host": "a b"}, "host name"),
        ({"path": "/", "every": "0s"}, "100ms"),
        ({"path": "/", "unhealthy_after": 0}, "1 to 100"),
        ({"path": "/", "method": "POST"}, "GET"),
    ],
)
def test_health_that_makes_no_sense(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Health.model_validate(settings)


def test_ejection_is_on_by_default() -> None:
    ejection = Upstream.model_validate(TARGETS).ejection
    assert (ejection.consecutive_failures, ejection.duration, ejection.max_share) == (5, 30.0, 0.5)


def test_ejection_in_words() -> None:
    text = {"failure_share": "50%", "min_requests": 20, "window": "10s", "for": "5s", "statuses": ["502-504", "5xx"]}
    assert Ejection.model_validate(text).failure_share == 0.5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"statuses": [404]}, "errors of the server"),
        ({"for": "1h"}, "longest"),
        ({"max_share": "101%"}, "percentage"),
        ({"max_share": 0.5}, "percentage"),
        ({"failure_share": "0%"}, "percentage"),
        ({"duration": "5s"}, "Extra inputs"),
    ],
)
def test_ejection_that_makes_no_sense(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Ejection.model_validate(settings)


def test_panic_would_undo_the_ejection_of_so_many() -> None:
    with pytest.raises(ValidationError, match="more than 100% together"):
        Upstream.model_validate({**TARGETS, "ejection": {"max_share": "51%"}})
    Upstream.model_validate({**TARGETS, "ejection": {"max_share": "100%"}, "panic_threshold": "0%"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.53", Nameserver("10.0.0.53", 53)),
        ("127.0.0.1:5353", Nameserver("127.0.0.1", 5353)),
        ("2001:db8::53", Nameserver("2001:db8::53", 53)),
        ("[::1]:5353", Nameserver("::1", 5353)),
    ],
)
def test_name_servers(text: str, expected: Nameserver) -> None:
    assert Resolver.model_validate({"nameservers": [text]}).nameservers == (expected,)


@pytest.mark.parametrize("text", ["dns.test", "dns.test:53", "10.0.0.53:70000", "", 53, None, "10.0.0.0/8"])
def test_what_is_no_name_server(text: object) -> None:
    with pytest.raises(ValidationError, match="write the address of a name server"):
        Resolver.model_validate({"nameservers": [text]})


def test_bounds_of_the_ttl_must_be_in_order() -> None:
    with pytest.raises(ValidationError, match="max_ttl"):
        Resolver.model_validate({"min_ttl": "1m", "max_ttl": "1s"})
