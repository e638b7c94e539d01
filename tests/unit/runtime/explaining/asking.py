"""Configurations in files, and what is explained about them."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hotgate.config.loader import Loaded
from hotgate.control.api.explain import Explained, Question
from hotgate.runtime.compiling.load import load_configuration
from hotgate.runtime.explaining.explainer import Explainer
from hotgate.runtime.explaining.peeking import World

HEAD = """\
listeners: [{name: web, bind: "127.0.0.1:0"}]
upstreams: {api: {targets: ["http://127.0.0.1:9"]}, other: {targets: ["http://127.0.0.1:9"]}}
"""
KEYS = f"identity: {{partners: {{api_key: {{keys: [{{id: a, sha256: '{'ab' * 32}'}}]}}}}}}\n"
MARK = "# here"


def written(folder: Path, text: str) -> Loaded:
    """The configuration of a text, below the head."""
    file = folder / "hotgate.yaml"
    file.write_text(HEAD + text)
    return load_configuration(file)


def marked(loaded: Loaded) -> str:
    """`file:line` of the line that ends with the mark."""
    lines = loaded.file.read_text().splitlines()
    (number,) = [index for index, line in enumerate(lines, 1) if line.endswith(MARK)]
    return f"{loaded.file}:{number}"


def explained(loaded: Loaded, world: World | None = None, **members: Any) -> Explained:
    """What is said of one question."""

    async def ask() -> Explained:
        return await Explainer(loaded, world or World()).explain(question(members))

    return asyncio.run(ask())


def question(members: Mapping[str, Any]) -> Question:
    return Question.model_validate({"target": "/orders/7", **members})
