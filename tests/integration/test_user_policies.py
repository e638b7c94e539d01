"""Policies of the user's own, in a module beside the configuration."""

from collections.abc import Iterator

import pytest

from integration.backend import backend_running
from integration.conftest import Gateway
from integration.customer import Customer, ask
from integration.served import metric, serving

MODULE = """
import asyncio

from pydantic import BaseModel

from hotgate import Exchange, Response, policy


class Options(BaseModel, extra="forbid", frozen=True):
    word: str


@policy
def stop_words(exchange: Exchange) -> Response | None:
    if b"stop" in exchange.request.query:
        return Response.problem(403, code="stop-word", detail="Not this.", log_detail="only for operators")
    return None


@policy(phase="authorize")
async def slowly(exchange: Exchange) -> Response | None:
    await asyncio.sleep(0)
    if b"never" in exchange.request.query:
        await asyncio.Event().wait()
    return Response.problem(403, code="not-approved") if b"no" in exchange.request.query else None


@policy(phase="authenticate", options=Options, body="1KiB")
def has_word(exchange: Exchange, options: Options) -> Response | None:
    return None if options.word.encode() in (exchange.request.body or b"") else Response.problem(400, code="no-word")


@policy
def raising(exchange: Exchange) -> Response | None:
    raise RuntimeError("the password is hunter2-secret")


@policy
async def raising_later(exchange: Exchange) -> Response | None:
    await asyncio.sleep(0)
    raise RuntimeError("the password is hunter2-secret")


@policy
def no_answer(exchange: Exchange) -> bool:
    return True


@policy(phase="respond")
def polish(exchange: Exchange) -> Response | None:
    if b"replace" in exchange.request.query:
        return Response.problem(502, code="replaced")
    exchange.response.headers.set(b"x-polished", b"yes")
    return None


@policy(phase="respond")
async def polish_slowly(exchange: Exchange) -> Response | None:
    await asyncio.sleep(0)
    return polish.function(exchange)


@policy(phase="respond")
def raising_at_the_end(exchange: Exchange) -> Response | None:
    raise RuntimeError("the password is hunter2-secret")
"""
POLICIES = (
    *("stop_words", "slowly", "raising", "raising_later", "no_answer"),
    *("polish", "polish_slowly", "raising_at_the_end"),
)


def configuration(url: str) -> str:
    routes = [
        f'  - {{name: {name}, match: {{path: "/{name}"}}, upstream: echo, policies: [{{use: "office:{name}"}}]}}'
        for name in POLICIES
    ]
    word = 'policies: [{use: "office:has_word", with: {word: please}}]'
    return "\n".join(
        [
            f'upstreams: {{echo: {{targets: ["{url}"]}}}}',
            "defaults: {public: true}",
            "routes:",
            *routes,
            f'  - {{name: has_word, match: {{path: "/has_word"}}, upstream: echo, {word}}}',
        ]
    )


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("policies")
    (folder / "office.py").write_text(MODULE)
    with backend_running() as backend, serving(folder, configuration(backend.url)) as running:
        yield running


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("/stop_words", 200, ""),
        ("/stop_words?stop", 403, "stop-word"),
        ("/slowly", 200, ""),
        ("/slowly?no", 403, "not-approved"),
        ("/raising", 500, "policy-failed"),
        ("/raising_later", 500, "policy-failed"),
        ("/no_answer", 500, "policy-failed"),
        ("/raising_at_the_end", 500, "policy-failed"),
        ("/polish?replace", 502, "replaced"),
        ("/polish_slowly?replace", 502, "replaced"),
    ],
)
def test_a_policy_decides(gateway: Gateway, target: str, status: int, code: str) -> None:
    with Customer(gateway.port) as customer:
        for _ in range(3):  # on one connection: whatever happened, the next request is read at its start
            answer = customer.ask(target)
            assert (answer.status, answer.code) == (status, code)
            assert b"hunter2" not in answer.body
            assert b"only for operators" not in answer.body


@pytest.mark.parametrize("path", ["/polish", "/polish_slowly"])
def test_an_answer_can_be_changed(gateway: Gateway, path: str) -> None:
    answer = ask(gateway.port, path)
    assert answer.field("x-polished") == "yes"
    assert answer.json["target"] == path


@pytest.mark.parametrize(
    ("body", "status"), [(b"yes please", 200), (b"give me", 400), (b"", 400), (b"please" + b"x" * 2000, 413)]
)
def test_a_policy_reads_the_body_and_the_backend_gets_it_too(gateway: Gateway, body: bytes, status: int) -> None:
    answer = ask(gateway.port, "/has_word", method="POST", body=body)
    assert answer.status == status
    if status == 200:
        assert answer.json["body"] == body.decode()


def test_a_failure_is_a_security_event_without_what_it_said(gateway: Gateway) -> None:
    ask(gateway.port, "/raising")
    gateway.until(lambda: [line for line in gateway.log if line["message"] == "policy-failed"])
    events = [line for line in gateway.log if line["message"] == "policy-failed"]
    assert events[0]["error"] == "RuntimeError"
    assert "office.py:" in events[0]["where"]
    assert "hunter2" not in str(gateway.log)


def test_a_client_that_leaves_ends_the_policy_that_waits(gateway: Gateway) -> None:
    with Customer(gateway.port) as customer:
        customer.send("/slowly?never")
        gateway.until(lambda: metric(gateway, "hotgate_exchanges_active") == 1)
    gateway.until(lambda: metric(gateway, "hotgate_exchanges_active") == 0)
    gateway.until(lambda: metric(gateway, "hotgate_requests_total", route="slowly", status="499") == 1)
