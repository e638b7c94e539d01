"""Where quotas are counted when no store is configured."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hotgate.runtime.desks.limits.quota_place import FILE, QuotaPlace


def test_a_file_that_is_no_database_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / FILE).write_text("hunter2")
    (tmp_path / FILE).chmod(0o600)
    place = QuotaPlace(cast("Any", SimpleNamespace(store=None)), tmp_path / "hotgate.yaml")
    route = SimpleNamespace(policy=lambda name: name == "quota")
    config = cast("Any", SimpleNamespace(state_dir=str(tmp_path), store=None, routes=[route]))
    asyncio.run(place.follow(config))
    assert f"quotas cannot be counted for now: {tmp_path / FILE}: file is not a database" in caplog.text
