"""Where the corpora of others are: beside the project, or where HOTGATE_CORPORA says."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "corpora"
HTTP = Path(os.environ.get("HOTGATE_CORPORA", _BESIDE)) / "http"

needs_http_corpora = pytest.mark.skipif(not HTTP.is_dir() and "CI" not in os.environ, reason="no HTTP corpora here")
