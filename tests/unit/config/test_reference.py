import re
from pathlib import Path

import pytest

from hotgate.cli.configuration import full_model
from hotgate.config.gateway import Gateway
from hotgate.config.json_schema import json_schema
from hotgate.config.loader import load
from hotgate.config.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


@pytest.fixture(scope="module")
def page(model: type[Gateway]) -> str:
    return reference(json_schema(model))


def test_page_in_docs_is_up_to_date() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == reference(json_schema(full_model())), "run: hotgate schema --markdown > docs/configuration.md"


def test_every_mapping_has_a_table(page: str) -> None:
    headings = re.findall(r"^### `(.+)`$", page, re.MULTILINE)
    assert {"listeners[]", "upstreams.<name>.targets[]", "identity.<name>.token", "routes[].rate_limit"} <= set(
        headings
    )
    assert len(headings) == len(set(headings))


def test_rows_say_what_may_be_written(page: str) -> None:
    assert "| `connect` | duration, 1ms to 10m | `2s` | Time until a new connection is ready, TLS included. |" in page
    assert "| `claim` | mapping: name → text or whole number or `true` or `false` |" in page
    assert "| `secret` | secret: text, `${ENV}` or `file:/path` | **required** | The secret. |" in page


def test_every_key_of_a_route_says_what_it_is_for() -> None:
    page = reference(json_schema(full_model()))
    assert "| `buffer_body` | size, 1 to 64MiB |  | The largest body that is kept in memory" in page
    assert re.findall(r"The value of `\w+`", page) == []


def test_examples_load(page: str, tmp_path: Path, model: type[Gateway]) -> None:
    examples = [text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "listeners:" in text]
    for example in examples:
        file = tmp_path / "hotgate.yaml"
        file.write_text(example)
        assert load(file, model, {}).config.routes
    assert len(examples) == 2
