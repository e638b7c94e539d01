"""Which bodies are signed, and which are streamed."""

from typing import Any

import pytest

from hotgate.config.upstreams import Upstream
from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.outgoing.credentials import compile_outgoing
from hotgate.testing import make_exchange, run

KEYS = {"region": "eu-central-1", "access_key_id": "AKIDEXAMPLE", "secret_access_key": "s3cret"}
NOTHING = b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
HI = b"8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"


def step_of(service: str, target: str = "https://a.example", **settings: Any) -> PhasedStep:
    credentials = {"aws_sigv4": {**KEYS, "service": service, **settings}}
    upstream = Upstream.model_validate({"targets": [target], "host": "upstream", "credentials": credentials})
    (step,) = compile_outgoing(OutgoingContext("api", upstream, {"wall_clock": lambda: 1_440_938_160.0}))
    return step


@pytest.mark.parametrize(
    ("step", "body", "limit", "digest"),
    [
        (step_of("s3"), None, 0, b"UNSIGNED-PAYLOAD"),
        (step_of("s3"), b"hi", 0, HI),  # a policy has asked for it: then it is there to be signed
        (step_of("s3", payload="signed", max_body="2MiB"), b"hi", 2 * 1024 * 1024, HI),
        (step_of("s3", "http://127.0.0.1:9000"), b"hi", 1024 * 1024, HI),
        (step_of("execute-api"), b"hi", 1024 * 1024, HI),
        (step_of("execute-api"), None, 1024 * 1024, NOTHING),
    ],
)
def test_what_is_said_of_the_body(step: PhasedStep, body: bytes | None, limit: int, digest: bytes) -> None:
    exchange = make_exchange("PUT", "/x", body=body)
    assert run([step], exchange) is None
    assert step.body_limit == limit
    assert exchange.request.headers.get_all(b"x-amz-content-sha256") == [digest]
    assert exchange.request.headers.get_all(b"x-amz-date") == [b"20150830T123600Z"]


def test_a_clients_parts_of_a_signature_are_removed() -> None:
    names = ("authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "X.Amz.Security.Token")
    exchange = make_exchange(headers=dict.fromkeys(names, "mine"))
    run([step_of("s3")], exchange)
    assert b"mine" not in [value for _, value in exchange.request.headers]
    assert b"x-amz-security-token" not in exchange.request.headers


@pytest.mark.parametrize(
    ("step", "is_refused"),
    [(step_of("s3"), True), (step_of("s3", copy_source=True), False), (step_of("lambda"), False)],
)
@pytest.mark.parametrize("field", ["x-amz-copy-source", "X-Amz-Rename-Source"])
def test_an_object_that_no_route_was_asked_for_is_not_read(step: PhasedStep, field: str, *, is_refused: bool) -> None:
    """Else whoever may write one object could read every other that the gateway's key can (confused deputy)."""
    exchange = make_exchange("PUT", "/mine", headers={field: "/bucket/of-others"})
    refused = run([step], exchange)
    assert (refused is not None) == is_refused
    if refused is not None:
        assert (refused.status, refused.code) == (403, "copy-not-allowed")
        assert b"authorization" not in exchange.request.headers
