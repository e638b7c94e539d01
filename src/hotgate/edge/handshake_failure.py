"""Why a TLS handshake failed, in a few words of our own: OpenSSL has hundreds, and a metric's label must be bounded."""

import ssl

_REASONS = {
    "CERTIFICATE_VERIFY_FAILED": "certificate",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "no-certificate",
    "UNSUPPORTED_PROTOCOL": "version",
    "WRONG_VERSION_NUMBER": "version",
    "VERSION_TOO_LOW": "version",
    "NO_SHARED_CIPHER": "cipher",
    "NO_SUITABLE_KEY_SHARE": "cipher",
    "NO_SUITABLE_SIGNATURE_ALGORITHM": "cipher",
    "NO_APPLICATION_PROTOCOL": "application-protocol",
    "CALLBACK_FAILED": "unknown-name",
}


def failure_of(error: ssl.SSLError) -> str:
    """One of a small, fixed set."""
    reason = error.reason or ""
    return "client-alert" if "_ALERT_" in reason else _REASONS.get(reason, "malformed")


def certificate_failure_of(error: ssl.SSLError) -> str:
    """What was wrong with the client's certificate, in OpenSSL's own words, or "" if it is about something else."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return "none was shown" if failure_of(error) == "no-certificate" else ""
