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
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "client-alert",
    "SSLV3_ALERT_BAD_CERTIFICATE": "client-alert",
    "TLSV1_ALERT_UNKNOWN_CA": "client-alert",
}


def failure_of(error: ssl.SSLError) -> str:
    """One of a small, fixed set."""
    return _REASONS.get(error.reason or "", "malformed")
