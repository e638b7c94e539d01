"""Why a credential was not accepted."""


class CredentialRefused(Exception):
    """code: a stable problem code, shown to the client. log_detail: for operators only, and free of secrets."""

    def __init__(self, code: str, log_detail: str) -> None:
        super().__init__(f"{code}: {log_detail}")
        self.code = code
        self.log_detail = log_detail


class KeySetUnavailable(Exception):
    """No keys have ever been loaded: nobody can tell whether the token is good, so the gateway is at fault, not it."""
