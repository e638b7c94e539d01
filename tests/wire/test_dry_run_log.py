"""Which limit would have refused a request stands in the log of decisions."""

from wire.limit_authority import LimitAuthority
from wire.peer import turns
from wire.samples import get
from wire.scenario import Wire, scenario
from wire.test_decision_log import LOGS, noted

_LIMITS = [{"name": "a", "limit": "9/day"}, {"name": "b", "limit": "1/day", "dry_run": True}]


@scenario(
    routes=[{"name": "r", "match": {"path": "/*"}, "public": True, "respond": {}, "rate_limit": _LIMITS}],
    settings=LOGS,
)
async def test_a_dry_run_is_in_the_log_of_decisions(wire: Wire) -> None:
    log = noted(wire)
    LimitAuthority(wire.gateway)
    for _ in range(2):
        assert (await (await wire.send(get("/"))).message()).status == 200
    await turns(5)
    assert [line.get("dry_run") for line in log.lines] == [None, ["routes[0].rate_limit[1]"]]
    assert [line["limit"]["name"] for line in log.lines] == ["a", "a"]
