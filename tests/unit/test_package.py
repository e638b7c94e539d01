import tomllib
from pathlib import Path

import hotgate


def test_the_version_is_that_of_the_distribution() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert hotgate.__version__ == project["version"]


def test_every_public_name_is_there() -> None:
    assert all(hasattr(hotgate, name) for name in hotgate.__all__)
