"""What people see cannot be made to say anything else, whatever stands in it."""

import re
from base64 import b64encode
from hashlib import sha256

from hotgate.policies.oidc.pages import Link, page

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&"


def test_every_text_is_escaped() -> None:
    response = page(200, EVIL, EVIL, [Link(EVIL, f"/{EVIL}")], request_id=EVIL, refresh=f"/{EVIL}")
    html = (response.body or b"").decode()
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("&lt;script&gt;") == 7
    assert re.findall(r"<(\w+)", html).count("a") == 1


def test_its_style_is_all_that_may_be_loaded() -> None:
    response = page(200, "a", "b")
    html = (response.body or b"").decode()
    style = re.search(r"<style>(.*)</style>", html)
    assert style is not None
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert response.header("content-security-policy") == (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    assert response.header("x-frame-options") == "DENY"
    assert response.header("cache-control") == "no-store"
    assert response.header("referrer-policy") == "no-referrer"
    assert response.header("x-content-type-options") == "nosniff"


def test_two_answers_do_not_share_their_fields() -> None:
    first = page(200, "a", "b")
    first.headers.fields.append((b"x", b"y"))
    assert page(200, "a", "b").header("x") is None
