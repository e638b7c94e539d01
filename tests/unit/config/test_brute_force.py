from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from pydantic import ValidationError

from hotgate.config.brute_force import BruteForce

if TYPE_CHECKING:
    from unit.config.conftest import Folder


def test_it_is_on_by_default_but_not_for_the_machine_itself() -> None:
    settings = BruteForce()
    assert settings.enabled
    assert (settings.window, settings.delay_after, settings.ban_after, settings.ban) == (600.0, 5, 30, 600.0)
    assert settings.exempt == ("127.0.0.0/8", "::1/128")


def test_the_page_shows_the_defaults() -> None:
    page = (Path(__file__).parents[3] / "docs" / "security" / "brute-force.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert BruteForce.model_validate(yaml.safe_load(block)["brute_force"]) == BruteForce()
    rows = dict(re.findall(r"^\| `(window|delay_after|ban_after|ban)` \| `(\w+)` \|", page, re.MULTILINE))
    assert BruteForce.model_validate(rows) == BruteForce()
    assert len(rows) == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": 60},
        {"window": "0s"},
        {"ban": "31d"},
        {"ban_after": 0},
        {"delay_after": 31},
        {"delay_after": 10, "ban_after": 9},
        {"exempt": ["10.0.0.1/8"]},
        {"exempt": ["unix"]},
        {"exempt": "10.0.0.0/8"},
        {"enabled": "maybe"},
        {"baned": "1h"},
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BruteForce.model_validate(wrong)


def test_networks_are_read_as_they_are_meant() -> None:
    settings = BruteForce.model_validate({"exempt": ["10.0.0.0/8", "192.0.2.1", "2001:DB8::/32"]})
    assert settings.exempt == ("10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32")


def test_who_switches_the_protection_off_is_warned(folder: Folder) -> None:
    loaded = folder.load("""\
        listeners: [{name: web, bind: "127.0.0.1:0"}]
        brute_force: {enabled: false}
        """)
    (warning,) = loaded.warnings
    assert ":2:24: brute_force.enabled: nobody who guesses" in str(warning)


@pytest.mark.parametrize(("network", "is_doubtful"), [("0.0.0.0/0", True), ("::/0", True), ("10.0.0.0/8", False)])
def test_who_exempts_everybody_is_warned(folder: Folder, network: str, is_doubtful: bool) -> None:
    loaded = folder.load(f"""\
        listeners: [{{name: web, bind: "127.0.0.1:0"}}]
        brute_force: {{exempt: ["{network}"]}}
        """)
    warnings = [str(each) for each in loaded.warnings]
    assert [":2:24: brute_force.exempt[0]: nobody who guesses" in each for each in warnings] == [True] * is_doubtful
