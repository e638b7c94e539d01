"""Tokens and keys never reach a log, wherever a client or a policy put them: in a path, a user agent, a message."""

import re

# A JWS, JWE or any other base64url of a JSON object starts with "eyJ" ('{"'). A match needs no dot: it then consumes
# a whole run of such characters, so that the search stays linear on hostile input.
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{12,}(?:\.[A-Za-z0-9_-]+)*")
# What the gateway makes as API keys (`identity/api_keys/managed_key.py`), mistyped ones too, whose ids may be read; and
# as tokens of operators (`control/admin_tokens.py`) and tickets (`keys/explain_ticket.py`).
_KEY = re.compile(r"(hg_[a-z0-9]{1,16}_[0-9A-Za-z]{12}_|hg[ax]_)[0-9A-Za-z_-]{8,}")
_CREDENTIALS = re.compile(r"\b([Bb]earer|BEARER|[Bb]asic|DPoP)(?: {1,8}|%20|:)[A-Za-z0-9._~+/=-]{8,}")


def without_tokens(text: str) -> str:
    """`text` with every JSON token and API key replaced. Safe on JSON: no quote and no backslash is touched.

    Quick for text without a "J", which is nearly every batch of access log lines: one character is sought much faster
    than three.
    """
    if "J" in text and "eyJ" in text:
        text = _TOKEN.sub("[token]", text)
    return _KEY.sub(r"\1[key]", text) if "hg" in text else text


def without_credentials(text: str) -> str:
    """The same, and without what follows `Bearer`, `Basic` and the like."""
    return _CREDENTIALS.sub(r"\1 [credentials]", without_tokens(text))
