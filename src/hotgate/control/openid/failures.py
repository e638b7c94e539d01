"""Why a login or a renewal comes to nothing. What a failure says is fit for the log: it quotes neither side."""


class Failure(Exception):
    """code: what the worker is told. detail: what the user may be told."""

    code = "login-failed"
    detail = "The login could not be completed. Try again."


class LoginFailed(Failure):
    """What the browser or the provider has sent is not to be believed."""


# What an operator can do about a code: what the provider says in words is not quoted.
_ADVICE = {
    "invalid_client": "look at `client`: its id, and its secret or key",
    "unauthorized_client": "the client may not log users in with codes there",
    "invalid_request": "is the gateway's callback registered there, and is all that is asked for known there?",
    "invalid_redirect_uri": "the gateway's callback is not registered there",
    "invalid_scope": "look at `scopes`",
}


class ProviderRefused(Failure):
    """The provider has understood, and says no. error: its code (RFC 6749 §5.2)."""

    code = "provider-refused"
    detail = "The login service has refused. Try again."

    def __init__(self, error: str) -> None:
        advice = f" ({_ADVICE[error]})" if error in _ADVICE else ""
        super().__init__(f"the provider refuses: {error}{advice}")
        self.error = error


class ProviderUnavailable(Failure):
    """The provider cannot be asked, or makes no sense; it may be different later."""

    code = "provider-unavailable"
    detail = "The login service cannot be reached at the moment. Try again later."


class Busy(ProviderUnavailable):
    """As many as may wait for the provider do."""

    code = "busy"
    detail = "Too many logins are under way. Try again in a few seconds."


class SessionOver(Failure):
    """The provider renews the session no longer, or for somebody else."""

    code = "over"


class RenewedElsewhere(Failure):
    """Another node is renewing this session."""

    code = "elsewhere"
