"""For authors of policies: test one without a gateway, a network or a clock (docs/policies.md).

    from hotgate.testing import make_exchange, run

    def test_closed_at_night() -> None:
        assert run(business_hours, make_exchange(now=datetime(2026, 1, 5, 23, tzinfo=UTC))).status == 403

`make_exchange` and `make_principal` build what a policy is given, `run` does to a policy what the gateway does, and
`FakeClock` stands in for `time.monotonic`. Nothing in `hotgate` itself imports this package.
"""

from hotgate.testing.clock import FakeClock
from hotgate.testing.exchange import make_exchange, make_principal
from hotgate.testing.run import run, run_async

__all__ = ["FakeClock", "make_exchange", "make_principal", "run", "run_async"]
