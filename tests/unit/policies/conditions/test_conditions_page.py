"""The page about conditions names every attribute, with its type; and what it shows compiles."""

import re
from pathlib import Path

import pytest

from hotgate.policies.conditions.attributes import ATTRIBUTES, attributes_of
from hotgate.policies.conditions.condition import compile_condition

PAGE = (Path(__file__).parents[4] / "docs" / "authorization" / "conditions.md").read_text(encoding="utf-8")


def test_the_table_has_every_attribute() -> None:
    by_name = sorted(ATTRIBUTES, key=lambda each: each.name)
    expected = [f"| `{each.name}` | `{each.kind}` | {each.description} |" for each in by_name]
    rows = [line for line in PAGE.splitlines() if re.match(r"\| `[a-z_.]+` \| `[a-z<>, ]+` \|", line)]
    assert rows == expected


@pytest.mark.parametrize(
    "example",
    [
        'principal.tier in ["gold", "silver"]',
        '"staff" in principal.groups',
        "has(claims.level)",
        '"x-plan" in request.headers',
        '"page" in request.query',
        'path.owner.startsWith("eu-")',
        "claims.teams.exists(team, team == path.team)",
        'request.client.inNetwork("10.0.0.0/8")',
        'now < timestamp("2027-01-01T00:00:00Z")',
        'now.getHours("Europe/Berlin") >= 8',
        'now.getDayOfWeek("Europe/Berlin") in [1, 2, 3, 4, 5]',
        'claims.level > 3 ? path.area == "a" : path.area == "b"',
    ],
)
def test_what_the_page_shows_compiles(example: str) -> None:
    assert f"`{example}`" in PAGE
    compile_condition(example, attributes_of(("owner", "team", "area"), {}, has_body=False))
