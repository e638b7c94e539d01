"""What is in force of releases: told to every worker, kept over restarts, taken back when a side does badly."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from hotgate.control.administration_error import AdministrationError
from hotgate.observe.side_recorder import SideRecorder
from hotgate.runtime.compiling.model import built_in_model
from hotgate.runtime.desks.releases import release_commands
from hotgate.runtime.desks.releases.release_desk import ReleaseDesk
from hotgate.runtime.workers.worker_handle import WorkerHandle
from hotgate.testing.clock import FakeClock

_MODEL = built_in_model()
RULES = {"errors": "5%", "min_requests": 10, "window": "10s"}


class Worker:
    """One that counts and listens. launch: None for one that an earlier control process has left behind."""

    def __init__(self, name: str = "1.0-1", *, is_orphan: bool = False) -> None:
        self.name = name
        self.launch = None if is_orphan else object()
        self.heard: list[dict[str, Any]] = []
        self.sides = {name: SideRecorder("orders", name) for name in ("blue", "green")}

    def send(self, message: dict[str, Any]) -> None:
        self.heard.append(message)

    def answered(self, side: str, count: int, status: int = 200) -> None:
        for _ in range(count):
            self.sides[side].answered(status, 0.01)


class Desk:
    """now: its clock."""

    def __init__(self, folder: Path, **release: Any) -> None:
        self.file = folder / "hotgate.yaml"
        self.clock = FakeClock()
        self.told: list[dict[str, Any]] = []
        self.desk = ReleaseDesk(self.clock, lambda: 1_800_000_000.0, self.told.append, self.file)
        self.follow(**release)

    def follow(self, **release: Any) -> None:
        settings = {"to": {"green": "5%"}, "return_on": RULES, **release}
        route = {"name": "orders", "match": {"path": "/*"}, "public": True, "upstream": "blue", "release": settings}
        tree = {"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "upstreams": {}, "routes": [route]}
        self.desk.follow(_MODEL.model_validate(tree))

    def report(self, worker: Worker) -> None:
        report = {"sides": [side.values() for side in worker.sides.values()]}
        self.desk.received(cast(WorkerHandle, worker), report)
        self.desk.tick()

    def shares(self) -> dict[str, float]:
        (release,) = self.desk.state()
        return {side["upstream"]: side["percent"] for side in release["sides"]}

    def of_route(self) -> dict[str, Any]:
        return dict(self.told[-1]["routes"]["orders"])


Script = Callable[[Path], Awaitable[None]]


def played(script: Script) -> Callable[[Path], None]:
    def test(tmp_path: Path) -> None:
        asyncio.run(cast(Any, script(tmp_path)))

    return test


@played
async def test_a_share_is_told_and_shown(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.shares() == {"blue": 95.0, "green": 5.0}
    desk.desk.set_share("orders", "green", 0.2)
    assert desk.shares() == {"blue": 80.0, "green": 20.0}
    assert desk.of_route() == {"shares": {"green": 0.2}, "closed": []}
    desk.desk.switch("orders")
    assert desk.shares() == {"blue": 0.0, "green": 100.0}
    desk.desk.switch("orders", "blue")
    assert desk.shares() == {"blue": 100.0, "green": 0.0}
    assert desk.of_route()["closed"] == []
    desk.desk.abort("orders")
    assert desk.of_route() == {"shares": {"green": 0.0}, "closed": ["green"]}
    desk.desk.reset("orders")
    assert desk.told[-1]["routes"] == {}
    assert desk.shares() == {"blue": 95.0, "green": 5.0}


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda desk: desk.set_share("nobody", "green", 0.1), "release-unknown"),
        (lambda desk: desk.set_share("orders", "blue", 0.1), "release-invalid"),
        (lambda desk: desk.set_share("orders", "red", 0.1), "release-invalid"),
        (lambda desk: desk.set_share("orders", "green", 0.8), "release-invalid"),
        (lambda desk: desk.switch("orders", "red"), "release-invalid"),
        (lambda desk: desk.switch("orders"), "release-invalid"),
        (lambda desk: desk.abort("nobody"), "release-unknown"),
        (lambda desk: desk.reset("nobody"), "release-unknown"),
    ],
)
def test_what_makes_no_sense_changes_nothing(tmp_path: Path, ask: Callable[[ReleaseDesk], None], code: str) -> None:
    desk = Desk(tmp_path, to={"green": "5%", "teal": "50%"})
    with pytest.raises(AdministrationError) as refused:
        ask(desk.desk)
    assert refused.value.code == code
    assert desk.told == []


@pytest.mark.parametrize(
    ("ask", "member", "says"),
    [
        (lambda desk: desk.set_share("orders", "green", 0.6), "percent", "more than 100% together"),
        (lambda desk: desk.set_share("orders", "grene", 0.1), "upstream", "has green, teal"),
        (lambda desk: desk.set_share("orders", "blue", 0.1), "upstream", "the route's own upstream gets what is left"),
        (lambda desk: desk.switch("orders"), "upstream", "say which: green, teal"),
    ],
)
def test_a_refusal_says_what_would_do(
    tmp_path: Path, ask: Callable[[ReleaseDesk], None], member: str, says: str
) -> None:
    desk = Desk(tmp_path, to={"green": "5%", "teal": "50%"})
    with pytest.raises(AdministrationError, match=says) as refused:
        ask(desk.desk)
    assert refused.value.member == member


@played
async def test_a_side_that_fails_is_taken_out_for_all_workers_and_stays_out(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    workers = [Worker("1.0-1"), Worker("1.1-2")]
    for worker in workers:  # five each: neither alone has seen enough
        worker.answered("blue", 100)
        worker.answered("green", 5, 500)
        desk.report(worker)
    assert desk.of_route() == {"shares": {"green": 0.0}, "closed": ["green"]}
    assert desk.desk.returns == {"orders/green": 1}
    (release,) = desk.desk.state()
    assert release["because"] == "green was taken out: 100.0% of 10 answers were failures, where 0.0% are usual"
    for _ in range(100):
        desk.clock.advance(1.0)
        desk.report(workers[0])
    assert len(desk.told) == 1
    newcomer = Worker("1.0-3")
    desk.desk.hello(cast(WorkerHandle, newcomer))
    assert newcomer.heard[0]["routes"]["orders"]["closed"] == ["green"]


@played
async def test_another_chance_is_one(tmp_path: Path) -> None:
    """What was counted before does not end it at once; what comes now may."""
    desk = Desk(tmp_path)
    worker = Worker()
    worker.answered("green", 20, 503)
    desk.report(worker)
    desk.desk.set_share("orders", "green", 0.01)
    desk.report(worker)
    assert desk.shares()["green"] == 1.0
    worker.answered("green", 20, 503)
    desk.report(worker)
    assert desk.of_route()["closed"] == ["green"]


@played
async def test_failures_of_long_ago_end_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    worker = Worker()
    for _ in range(30):
        worker.answered("green", 2, 500)
        worker.answered("blue", 100)
        desk.clock.advance(5.0)
        desk.report(worker)
    assert desk.told == []


@played
async def test_what_a_left_behind_worker_has_seen_before_is_not_news(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    orphan = Worker("orphan-9", is_orphan=True)
    orphan.answered("green", 1000, 500)
    desk.report(orphan)
    assert desk.told == []
    orphan.answered("green", 10, 500)
    desk.report(orphan)
    assert desk.of_route()["closed"] == ["green"]


@played
async def test_nothing_is_taken_out_unless_it_is_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path, return_on=None)
    worker = Worker()
    worker.answered("green", 1000, 500)
    desk.report(worker)
    assert desk.told == []


@played
async def test_it_outlives_a_restart(tmp_path: Path) -> None:
    first = Desk(tmp_path)
    first.desk.abort("orders")
    first.desk.set_share("orders", "green", 0.5)
    await first.desk.stop()
    second = Desk(tmp_path)
    assert second.shares() == {"blue": 50.0, "green": 50.0}
    (file,) = (tmp_path / "hotgate-state").glob("releases.json")
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("release", [{"to": {"green": "6%"}}, {"to": {"green": "5%", "teal": "0%"}}])
def test_other_shares_in_the_file_count_at_once(tmp_path: Path, release: dict[str, Any]) -> None:
    async def script() -> None:
        desk = Desk(tmp_path)
        desk.desk.abort("orders")
        desk.follow(sticky="none")
        assert desk.shares()["green"] == 0.0
        desk.follow(**release)
        assert desk.shares()["green"] == float(release["to"]["green"].rstrip("%"))
        assert desk.told[-1]["routes"] == {}
        await desk.desk.stop()
        assert json.loads((tmp_path / "hotgate-state" / "releases.json").read_text()) == {}

    asyncio.run(script())


def kept(share: str) -> str:
    of_file = '{"upstream": "blue", "to": {"green": 0.05}}'
    override = f'{{"shares": {{"green": {share}}}, "closed": []}}'
    return f'{{"orders": {{"override": {override}, "because": "", "at": 1, "of_file": {of_file}}}}}'


DAMAGED = ["", "{", "[]", '{"orders": 1}', '{"orders": {"override": {}}}', "\x00", "[" * 100_000, " " * 2_000_000]


@pytest.mark.parametrize("content", [*DAMAGED, kept("NaN"), kept("2"), kept("-1")])
def test_a_damaged_file_is_told_of_and_counts_as_none(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "hotgate-state").mkdir()
    (tmp_path / "hotgate-state" / "releases.json").write_text(content)
    assert Desk(tmp_path).shares() == {"blue": 95.0, "green": 5.0}
    assert "cannot be used" in caplog.text


@played
async def test_commands(tmp_path: Path) -> None:
    desk = Desk(tmp_path)

    def ask(kind: str, **facts: str) -> dict[str, Any]:
        return release_commands.answer(desk.desk, {"type": kind, **facts})

    assert ask("set_release_share", route="orders", upstream="green", share="12.5%") == {"reason": ""}
    assert desk.shares()["green"] == 12.5
    for share in ("101%", "-1%", "nan%", "ten", "1e1%", "5"):
        assert ask("set_release_share", route="orders", upstream="green", share=share)["reason"]
    assert ask("set_release_share", route="orders", upstream="red", share="5%")["reason"]
    assert ask("switch_release", route="orders", upstream="") == {"reason": ""}
    assert desk.shares()["green"] == 100.0
    assert ask("abort_release", route="orders") == {"reason": ""}
    assert ask("reset_release", route="orders") == {"reason": ""}
    assert ask("list_releases")["releases"] == desk.desk.state()
