"""Problem details."""

import json

import pytest

from hotgate.http.problem import STATUS_LINES, problem_body


@pytest.mark.parametrize(("status", "title"), [(413, "Content Too Large"), (422, "Unprocessable Content")])
def test_titles_are_those_of_rfc_9110_whichever_python_it_is(status: int, title: str) -> None:
    assert json.loads(problem_body(status, "code", ""))["title"] == title
    assert STATUS_LINES[status] == f"HTTP/1.1 {status} {title}\r\n".encode()
