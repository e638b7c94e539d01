"""Problem details."""

import json

import pytest

from hotgate.http.problem import STATUS_LINES, problem_body, with_request_id


@pytest.mark.parametrize(("status", "title"), [(413, "Content Too Large"), (422, "Unprocessable Content")])
def test_titles_are_those_of_rfc_9110_whichever_python_it_is(status: int, title: str) -> None:
    assert json.loads(problem_body(status, "code", ""))["title"] == title
    assert STATUS_LINES[status] == f"HTTP/1.1 {status} {title}\r\n".encode()


@pytest.mark.parametrize("end", ["", "\n", " \r\n"])
def test_a_problem_names_the_request_however_a_policy_ends_it(end: str) -> None:
    assert json.loads(with_request_id(b'{"code":"x"}' + end.encode(), "7")) == {"code": "x", "request_id": "7"}


@pytest.mark.parametrize("body", [b"", b"{}", b"{ }\n", b"Log in.", b"[{}]", b"Log in: {x}", b'"}'])
def test_what_is_no_object_with_members_stays_as_it_is(body: bytes) -> None:
    assert with_request_id(body, "7") == body
