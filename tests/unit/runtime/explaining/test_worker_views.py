"""What only the workers of a running gateway know, and what only a listener does, decides in explanations too."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hotgate.cli.explained_text import text_of
from hotgate.config.loader import Loaded
from hotgate.control.api.explain import Explained
from hotgate.limits.concurrency.outlook import FREE, NO_WISH, Outlook, PlaceWish
from hotgate.limits.limit import Limit
from hotgate.limits.standing import Standing
from hotgate.observe.metrics import WorkerMetrics
from hotgate.runtime.compiling.compile import compile_configuration, idle_services
from hotgate.runtime.compiling.compiled import Parts
from hotgate.runtime.compiling.load import load_configuration
from hotgate.runtime.explaining.peeking import World
from hotgate.runtime.workers.worker_view import WorkerView
from unit.runtime.explaining.asking import explained, marked, written

LIMITED = """\
routes:
  - name: all
    match: {path: "/*"}
    public: true
    upstream: api
    rate_limit: {limit: 3/hour, by: address, cost: COST}
"""
PLAIN = 'routes: [{name: all, match: {path: "/*"}, public: true, upstream: api}]\n'


def view(**members: Any) -> WorkerView:
    return WorkerView(**{"chances": {}, "out": {}, **members})


def world(
    views: Sequence[WorkerView | None], level: float = 3.0, on_lease: int = 0, wishes: list[PlaceWish] | None = None
) -> World:
    """A gateway whose workers answer so. wishes: gets the places that they are asked for."""

    async def look(
        upstream: str = "", limit: tuple[str, str] = ("", ""), place: PlaceWish = NO_WISH
    ) -> Sequence[WorkerView | None]:
        if wishes is not None:
            wishes.append(place)
        return views

    def peek(limit: Limit, key: str, cost: int) -> Standing:
        return Standing(limit, key, level=level, on_lease=on_lease, retry_after=960.0, limited_for=None)

    return World(peek=peek, look=look)


@pytest.mark.parametrize(
    ("held", "level", "cost", "code", "remaining"),
    [
        ([2, 0], 1.0, 1, "", 2),  # what is free anybody can have
        ([0, 0], 0.9, 1, "rate-limited", 0),  # all that was lent is spent, and nobody was refused yet
        ([1, 1], 0.0, 1, "", 1),  # each has one
        ([1, 1], 1.0, 2, "", 1),  # and can borrow one
        ([1, 1], 0.0, 2, "rate-limited", 0),  # what others hold it cannot get
        ([2, 2], -1.0, 2, "", 1),  # a debt keeps nobody from spending what he holds
    ],
)
def test_tokens_that_were_lent_count_as_workers_say(
    held: list[int], level: float, cost: int, code: str, remaining: int, tmp_path: Path
) -> None:
    loaded = written(tmp_path, LIMITED.replace("COST", str(cost)))
    found = explained(loaded, world([view(held=each) for each in held], level, on_lease=3))
    (limit,) = found.steps[0].limits
    assert (found.code, limit.remaining, limit.lent, found.steps[0].notes) == (code, remaining, sum(held), [])


def test_it_is_said_when_it_depends_on_who_takes_the_request(tmp_path: Path) -> None:
    loaded = written(tmp_path, LIMITED.replace("COST", "1"))
    found = explained(loaded, world([view(held=2), view(held=0)], level=0.0, on_lease=3))
    assert found.decision == "allow"
    assert found.steps[0].notes == ["all: 1 of 2 workers would refuse it: others hold what is left"]
    assert "1 would be left, workers hold 2" in text_of(found)


@pytest.mark.parametrize("views", [[view(held=0), None], [None], []])
def test_it_is_said_when_workers_do_not_say_what_they_have(views: list[WorkerView | None], tmp_path: Path) -> None:
    loaded = written(tmp_path, LIMITED.replace("COST", "1"))
    found = explained(loaded, world(views, level=0.0, on_lease=3))
    assert found.steps[0].notes == ["all: 3 tokens were lent to workers, and not all of them said what is left of it"]
    assert explained(loaded, world(views, level=1.0, on_lease=2)).steps[0].notes == []  # there is one for anybody


def test_workers_that_were_lent_nothing_need_not_be_asked(tmp_path: Path) -> None:
    loaded = written(tmp_path, LIMITED.replace("COST", "1"))
    assert explained(loaded, world([None], level=0.5)).code == "rate-limited"


PLACES = """\
routes:
  - name: all
    match: {path: "/*"}
    public: true
    upstream: api
    concurrency: {limit: 4, queue: 2, by: address}  # here
"""
FULL, LATE = Outlook("full", 2, 3), Outlook("late", 2, 9)


@pytest.mark.parametrize("outlooks", [[FULL], [FULL, FULL], [FULL, LATE]])
def test_a_request_that_gets_a_place_nowhere_is_refused(outlooks: list[Outlook], tmp_path: Path) -> None:
    loaded = written(tmp_path, PLACES)
    found = explained(loaded, world([view(place=each) for each in outlooks]))
    assert (found.decision, found.status, found.code) == ("deny", 429, "concurrency-limited")
    assert found.by is not None
    assert (found.by.policy, found.by.rule, found.by.at) == ("concurrency", "full", marked(loaded))
    assert found.reason == "every place is taken, and as many wait as may"


@pytest.mark.parametrize(
    ("outlooks", "notes"),
    [
        ([FREE, FREE], []),
        ([FREE, LATE], ["1 of 2 workers would refuse it: late"]),
        (
            [Outlook("", 0), Outlook("", 3)],
            ["2 of 2 workers would let it wait, with 0 to 3 ahead"],
        ),
        (
            [FULL, Outlook("", 1), None],
            [
                "1 of 3 workers would refuse it: full",
                "1 of 3 workers would let it wait, with 1 ahead",
                "1 of 3 workers did not say whether they have a place free",
            ],
        ),
        (
            [FULL, None],
            ["1 of 2 workers would refuse it: full", "1 of 2 workers did not say whether they have a place free"],
        ),
        ([None], ["no worker said whether it has a place free"]),
        ([], ["no worker said whether it has a place free"]),
    ],
)
def test_it_is_said_when_a_place_depends_on_the_worker(
    outlooks: list[Outlook | None], notes: list[str], tmp_path: Path
) -> None:
    views = [None if each is None else view(place=each) for each in outlooks]
    found = explained(written(tmp_path, PLACES), world(views))
    (step,) = [step for step in found.steps if step.policy == "concurrency"]
    assert (found.decision, step.outcome, step.notes) == ("allow", "passed", notes)


def test_workers_are_asked_for_the_places_that_they_know_by_that_name(tmp_path: Path) -> None:
    text = """\
upstreams:
  slow:
    targets: ["http://127.0.0.1:9"]
    concurrency: {limit: 1}  # here
routes:
  - name: all
    match: {path: "/*"}
    public: true
    upstream: slow
    max_concurrent: 9
    concurrency: [{limit: 1, by: address}, {limit: 2, by: address, ipv4_prefix: 24}]
"""
    file = tmp_path / "hotgate.yaml"
    file.write_text('listeners: [{name: web, bind: "127.0.0.1:0"}]\n' + text)
    wishes: list[PlaceWish] = []
    found = explained(load_configuration(file), world([view()], wishes=wishes), client="192.0.2.7")
    assert found.decision == "allow"
    config = load_configuration(file).config
    known = compile_configuration(config, Parts(idle_services(config), WorkerMetrics()))
    assert [wish.name for wish in wishes if wish.name] == [
        "routes/all/concurrency/address",
        "routes/all/concurrency/address/2",
        "routes/all/max_concurrent",
        "upstreams/slow",
    ]
    assert {wish.name for wish in wishes if wish.name} == known.places.entries.keys()
    assert found.steps[-1].at == marked(load_configuration(file))
    assert {wish.priority for wish in wishes if wish.name} == {"normal"}


def test_only_the_upstream_that_a_release_has_chosen_needs_a_free_place(tmp_path: Path) -> None:
    text = """\
upstreams:
  old: {targets: ["http://127.0.0.1:9"], concurrency: {limit: 1}}
  new: {targets: ["http://127.0.0.1:9"], concurrency: {limit: 1}}
routes:
  - {name: all, match: {path: "/*"}, public: true, upstream: old, release: {to: {new: 100%}}}
"""
    file = tmp_path / "hotgate.yaml"
    file.write_text('listeners: [{name: web, bind: "127.0.0.1:0"}]\n' + text)
    found = explained(load_configuration(file), world([view()]))
    places = [(step.path, step.outcome, step.notes) for step in found.steps if step.policy == "concurrency"]
    assert places == [
        ("upstreams.old.concurrency", "skipped", ["the release has chosen another upstream"]),
        ("upstreams.new.concurrency", "passed", []),
    ]


def test_without_a_gateway_nobody_can_say_whether_a_place_is_free(tmp_path: Path) -> None:
    (step,) = explained(written(tmp_path, PLACES)).steps
    assert (step.outcome, step.notes) == ("passed", ["no gateway was asked whether a place is free"])


BUSY = """\
overload:
  memory: {limit: 1GiB}  # here
priorities: {tiers: {gold: high}}
"""


def test_a_request_that_every_worker_sheds_is_refused(tmp_path: Path) -> None:
    loaded = written(tmp_path, BUSY + PLAIN)
    busy = view(cause="memory", chances={"low": 1.0, "normal": 1.0, "high": 0.2})
    found = explained(loaded, world([busy, busy]))
    assert (found.decision, found.status, found.code) == ("deny", 503, "overloaded")
    assert found.by is not None
    assert (found.by.at, found.by.path) == (marked(loaded), "overload.memory")
    assert "overload     memory          refused 503 overloaded" in text_of(found)


def test_a_caller_who_matters_more_may_pass(tmp_path: Path) -> None:
    loaded = written(tmp_path, BUSY + KEYED)
    busy = view(cause="loop_lag", chances={"low": 1.0, "normal": 1.0, "high": 0.2})
    gold = {"subject": "a", "tier": "gold"}
    found = explained(loaded, world([busy, view()]), principal=gold)
    assert (found.decision, found.steps[0].phase) == ("allow", "overload")
    assert found.steps[0].notes == ["0 to 20 %, by worker, of high requests are given up just now: loop_lag"]
    assert explained(loaded, world([busy, busy]), principal={"subject": "a"}).code == "overloaded"
    assert explained(loaded, world([busy, busy])).code == "token-missing"  # refused before its class is known


KEYED = f"""\
identity: {{partners: {{api_key: {{keys: [{{id: a, sha256: '{"ab" * 32}'}}]}}}}}}
routes: [{{name: all, match: {{path: "/*"}}, authenticate: [partners], upstream: api}}]
"""


def upstream_step(found: Explained) -> Any:
    (step,) = [each for each in found.steps if each.phase == "upstream"]
    return step


def test_an_upstream_with_nobody_to_ask_refuses(tmp_path: Path) -> None:
    loaded = written(tmp_path, PLAIN)
    gone = view(refusal="upstream-unavailable", out={"http://127.0.0.1:9": "its check fails"})
    found = explained(loaded, world([gone, gone]))
    assert (found.status, found.code) == (503, "upstream-unavailable")
    assert found.by is not None
    assert (found.by.at, found.by.path) == (f"{loaded.file}:2", "upstreams.api")
    assert upstream_step(found).notes == ["http://127.0.0.1:9 is out of service: its check fails"]
    assert explained(loaded, world([view(refusal="upstream-name-unresolved")])).status == 502


def test_targets_that_some_workers_do_not_use_are_named(tmp_path: Path) -> None:
    loaded = written(tmp_path, PLAIN)
    gone = view(refusal="upstream-unavailable", out={"http://127.0.0.1:9": "it has failed; for 3 s more"})
    found = explained(loaded, world([gone, view()]))
    assert found.decision == "allow"
    assert upstream_step(found).notes == [
        "http://127.0.0.1:9 is out of service: it has failed; for 3 s more (at 1 of 2 workers)",
        "1 of 2 workers have nobody to ask: upstream-unavailable",
    ]
    panic = explained(loaded, world([view(in_panic=True)]))
    assert upstream_step(panic).notes == ["too few targets are in service: all are asked (`panic_threshold`)"]


def test_silence_is_told(tmp_path: Path) -> None:
    loaded = written(tmp_path, PLAIN)
    for views in ([None], []):
        notes = upstream_step(explained(loaded, world(views))).notes
        assert notes == ["no worker said whether its targets are in service"]
    notes = upstream_step(explained(loaded, world([view(), None]))).notes
    assert notes == ["1 of 2 workers did not say whether its targets are in service"]


def test_nothing_is_told_where_all_is_well(tmp_path: Path) -> None:
    assert explained(written(tmp_path, PLAIN), world([view(), view()])).steps == []


def test_files_alone_do_not_say_what_only_a_gateway_knows(tmp_path: Path) -> None:
    told = text_of(explained(written(tmp_path, PLAIN)))
    assert "whether it has too much to do, and which targets are out of service" in told


REDIRECTS = """\
listeners:
  - {name: plain, bind: "127.0.0.1:0", redirect_https: 8443}  # here
"""


def with_listeners(folder: Path, listeners: str) -> Loaded:
    """The plain route behind other listeners."""
    file = written(folder, PLAIN).file
    file.write_text(listeners + file.read_text().partition("\n")[2])
    return load_configuration(file)


def test_a_listener_that_redirects_answers_first(tmp_path: Path) -> None:
    loaded = with_listeners(tmp_path, REDIRECTS)
    found = explained(loaded, scheme="http", target="/orders/7?a=1")
    assert (found.decision, found.status, found.upstream) == ("allow", 308, "")
    (step,) = found.steps
    assert (step.outcome, step.at, step.path) == ("answered", marked(loaded), "listeners[0].redirect_https")
    assert "no route matches" not in text_of(found)  # nobody has looked for one


def test_it_is_said_which_listeners_redirect_where_others_serve(tmp_path: Path) -> None:
    loaded = with_listeners(tmp_path, REDIRECTS + '  - {name: other, bind: "127.0.0.1:0"}\n')
    found = explained(loaded, scheme="http")
    assert (found.status, found.upstream) == (None, "api")
    assert found.steps[0].notes == ["what comes to plain would be redirected; taken as coming to another listener"]


def test_what_is_no_request_is_not_redirected(tmp_path: Path) -> None:
    found = explained(with_listeners(tmp_path, REDIRECTS), scheme="http", target="/a%")
    assert (found.status, found.steps[0].outcome) == (400, "skipped")
