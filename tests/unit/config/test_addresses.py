import pytest
from pydantic_core import PydanticCustomError

from hotgate.config.addresses import Bind, TargetUrl, parse_bind, parse_network, parse_target


@pytest.mark.parametrize(
    ("text", "bind"),
    [
        ("127.0.0.1:8080", Bind("127.0.0.1", 8080)),
        ("[::1]:8080", Bind("::1", 8080)),
        ("[0:0::1]:1", Bind("::1", 1)),
        ("localhost:0", Bind("localhost", 0)),
    ],
)
def test_bind_is_host_and_port(text: str, bind: Bind) -> None:
    assert parse_bind(text) == bind


def test_bind_shows_as_it_is_written() -> None:
    assert [str(Bind("127.0.0.1", 1)), str(Bind("::1", 2))] == ["127.0.0.1:1", "[::1]:2"]


@pytest.mark.parametrize(
    "value",
    [
        8080,
        None,
        "",
        "8080",
        ":8080",
        "h",
        "h:",
        "h:65536",
        "h:-1",
        "h:+1",
        "h:٣",
        "h: 1",
        "::1:80",
        "[::1]",
        "[h]:1",
        "256.0.0.1:1",
        "127.1:80",
        "0x7f.1:80",
        "a..b:1",
        "-a:1",
        "u@h:1",
        "h:1\n",
    ],
)
def test_bind_refuses_what_is_not_one(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="host:port"):
        parse_bind(value)


@pytest.mark.parametrize(
    ("text", "target", "authority"),
    [
        ("http://H:9000", TargetUrl("http", "h", 9000), "h:9000"),
        ("http://h", TargetUrl("http", "h", 80), "h"),
        ("https://h", TargetUrl("https", "h", 443), "h"),
        ("https://[::1]:8443", TargetUrl("https", "::1", 8443), "[::1]:8443"),
        ("http://[::1]", TargetUrl("http", "::1", 80), "[::1]"),
        ("http://h:443", TargetUrl("http", "h", 443), "h:443"),
    ],
)
def test_target_is_scheme_host_and_port(text: str, target: TargetUrl, authority: str) -> None:
    assert parse_target(text) == target
    assert target.authority == authority


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        "h:1",
        "ftp://h",
        "http://",
        "http://h/",
        "http://h/p",
        "http://h?q",
        "http://h#f",
        "http://u:p@h",
        "http://h:0",
        "http://h:99999",
        "http://h\\x",
        "http:// h",
        "HTTP://h",
        "http://h\n",
    ],
)
def test_target_refuses_what_is_not_one(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="target"):
        parse_target(value)


@pytest.mark.parametrize(
    ("text", "network"), [("10.0.0.0/8", "10.0.0.0/8"), ("::1", "::1/128"), ("192.0.2.1", "192.0.2.1/32")]
)
def test_network_is_canonical(text: str, network: str) -> None:
    assert parse_network(text) == network


@pytest.mark.parametrize("value", [1, True, None, "", "10.0.0.1/8", "10.0.0.0/33", "h", "010.0.0.1"])
def test_network_refuses_what_is_not_one(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="network"):
        parse_network(value)
