"""An upstream's settings, compiled."""

from typing import Any

import pytest

from hotgate.config.upstreams import Upstream as UpstreamSettings
from hotgate.observe.recorder import UpstreamRecorder
from hotgate.runtime.compiling.compile_upstream import compile_upstream
from hotgate.upstream.outbox import Outbox
from hotgate.upstream.upstream import Upstream
from wire.certificates import Authority

_CA = Authority()


def compiled(**settings: Any) -> Upstream:
    model = UpstreamSettings.model_validate({"targets": ["http://h:1"], **settings})
    return compile_upstream("api", model, UpstreamRecorder("api"), Outbox())


def test_one_target_is_tried_once_and_several_twice() -> None:
    assert compiled().retries.attempts == 1
    assert compiled(targets=["http://h:1", "http://h:2", "http://h:3"]).retries.attempts == 2


@pytest.mark.parametrize(("per_try", "head"), [("5s", 5.0), ("50s", 10.0)])
def test_the_shorter_time_out_counts(per_try: str, head: float) -> None:
    upstream = compiled(timeouts={"head": "10s"}, retries={"per_try_timeout": per_try})
    assert upstream.timeouts.head == head


def test_answers_are_looked_at_only_where_something_depends_on_them() -> None:
    assert not compiled().judges_answers
    assert compiled(retries={"on": [503]}).judges_answers
    assert compiled(balance={"sticky": {"cookie": "hg", "secret": "0123456789abcdef"}}).judges_answers


def test_targets_of_one_upstream_share_a_context() -> None:
    first, second = compiled(targets=["https://a", "https://b"], tls={"ca": [_CA.pem]}).targets
    assert first._dialer.tls is not None
    assert first._dialer.tls is second._dialer.tls


def test_certificates_that_cannot_be_used() -> None:
    other = _CA.issue("a.test")
    with pytest.raises(ValueError, match="do not belong together"):
        compiled(targets=["https://a"], tls={"certificate": _CA.pem, "key": other.key_pem})
