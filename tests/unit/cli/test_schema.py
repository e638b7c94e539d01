from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unit.cli.conftest import Shell


def test_schema_is_json(shell: Shell) -> None:
    assert "listeners" in json.loads(shell.run("schema").stdout)["properties"]


def test_markdown_is_the_page_of_the_docs(shell: Shell) -> None:
    output = shell.run("schema", "--markdown").stdout
    assert "# Configuration\n" in output
    assert "### `upstreams.<name>.timeouts`" in output


def test_markdown_is_no_option_for_users(shell: Shell) -> None:
    assert "--markdown" not in shell.run("schema", "--help").stdout
