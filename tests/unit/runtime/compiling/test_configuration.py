"""What a worker is told of a configuration."""

import json
from typing import Any

from hotgate.runtime.compiling.configuration import Configuration


def sent(tree: dict[str, Any]) -> Any:
    """The tree in the `prepare` message."""
    return json.loads(Configuration(1, tree, None, 1.0).prepare_frame({})[4:])["tree"]


def test_workers_get_neither_the_tokens_of_operators_nor_the_password_of_the_store() -> None:
    tree = {
        "routes": [],
        "admin": {"token": "hga_secret"},
        "store": {"url": "postgresql://u:secret@h/d", "max_stale": "1h"},
    }
    assert sent(tree) == {"routes": [], "store": {"max_stale": "1h"}}
    assert sent({"routes": [], "store": None}) == {"routes": [], "store": None}


def test_of_the_operators_settings_they_get_whether_answers_are_explained() -> None:
    tree = {"routes": [], "admin": {"token": "hga_secret", "explain": True}}
    assert sent(tree) == {"routes": [], "admin": {"explain": True}}
