"""Paths that the gateway answers itself: on which hosts, and without touching the routes of the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hotgate.http.response import Response
from hotgate.identity.places.credential_source import CredentialSource
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.gateway_endpoint import GatewayEndpoint
from hotgate.runtime.compiling.compile_endpoints import endpoint_routes, measured_routes
from hotgate.runtime.compiling.model import built_in_model

_MODEL = built_in_model()


def answer(exchange: Exchange) -> Response:
    return Response(204)


@dataclass
class WithEndpoints:
    """An authenticator whose logins come back to a path of its own."""

    name: str = "sso"
    challenge: str = ""
    forwards_credential: bool = False
    sources: Sequence[CredentialSource] = ()
    endpoints: Sequence[GatewayEndpoint] = field(
        default=(
            GatewayEndpoint("/callback", frozenset({"GET"}), answer),
            GatewayEndpoint("/logout", frozenset({"POST"}), answer, max_body=1024),
        )
    )

    def authenticate(self, exchange: Exchange) -> Any:
        return None


def routes(*matches: tuple[Mapping[str, Any], Sequence[Any]]) -> dict[str, Any]:
    return {
        "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "routes": [
            {
                "name": f"r{number}",
                "match": match,
                "respond": {},
                **({"authenticate": names} if names else {"public": True}),
            }
            for number, (match, names) in enumerate(matches)
        ],
    }


def served(configuration: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    config = _MODEL.model_validate(configuration)
    found = endpoint_routes(config, {"sso": WithEndpoints()}, WorkerMetrics())
    return [(pattern.hosts, pattern.path) for pattern, _ in found]


def test_they_are_served_on_the_hosts_of_routes_that_name_the_entry() -> None:
    configuration = routes(
        ({"path": "/*", "hosts": ["a.test", "b.test"]}, ["sso"]),
        ({"path": "/x", "hosts": ["b.test"]}, [{"all": ["sso", "key"]}]),
        ({"path": "/*", "hosts": ["c.test"]}, ["key"]),
    )

    assert served(configuration) == [(("a.test", "b.test"), "/callback"), (("a.test", "b.test"), "/logout")]


def test_a_route_of_any_host_has_them_everywhere_and_where_others_have_hosts() -> None:
    configuration = routes(({"path": "/*", "hosts": ["a.test"]}, ["sso"]), ({"path": "/*"}, ["sso"]))

    assert served(configuration) == [
        (("a.test",), "/callback"),
        ((), "/callback"),
        (("a.test",), "/logout"),
        ((), "/logout"),
    ]


def test_nobody_names_it_nothing_is_served() -> None:
    assert served(routes(({"path": "/*"}, []))) == []


def test_an_endpoint_reads_a_body_only_if_it_says_so() -> None:
    config = _MODEL.model_validate(routes(({"path": "/*"}, ["sso"])))
    callback, logout = [route for _, route in endpoint_routes(config, {"sso": WithEndpoints()}, WorkerMetrics())]

    assert (callback.body_step, callback.max_body) == (-1, 0)
    assert (logout.body_step, logout.body_limit, logout.max_body) == (0, 1024, 1024)
    assert callback.name == logout.name == "identity:sso"


def test_what_they_answer_is_counted_under_the_name_of_the_entry() -> None:
    configuration = {**routes(({"path": "/*"}, [])), "identity": {"key": {"api_key": {"header": "x-key"}}}, "store": {}}
    config = _MODEL.model_validate(configuration)

    assert measured_routes(config) == ["r0", "identity:key"]
