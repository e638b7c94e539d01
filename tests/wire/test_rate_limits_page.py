"""The first example of docs/limits/rate-limits.md, played as it is written there."""

import re
from pathlib import Path

import yaml

from wire.limit_authority import LimitAuthority
from wire.peer import turns
from wire.samples import get
from wire.scenario import Wire, scenario

PAGE = (Path(__file__).parents[2] / "docs" / "limits" / "rate-limits.md").read_text(encoding="utf-8")


@scenario()
async def test_answers_are_those_of_the_page(wire: Wire) -> None:
    configuration, shown = re.findall(r"^```(?:yaml)?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[:2]
    wire.gateway.reconfigure(yaml.safe_load(configuration))
    LimitAuthority(wire.gateway)
    first = await (await wire.send(get("/search"))).message()
    fields = [b"%b: %b" % field for field in first.fields if field[0].startswith(b"ratelimit")]
    assert fields == [line.encode() for line in shown.splitlines() if line.startswith("ratelimit")]
    for _ in range(12):
        wire.gateway.advance(0.25)
        await turns(2)
    bodies = [(await (await wire.send(get("/search"))).message()).body.decode() for _ in range(3)]
    assert re.sub(r'(?<="request_id":")\w+', "…", "".join(bodies)) == shown.partition("done\n")[2].strip()
