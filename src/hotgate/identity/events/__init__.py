"""Security event tokens (SET, RFC 8417): who is no longer good, said by somebody whom the configuration trusts.

Begin with `security_event_token`. No I/O: what follows from an event is done elsewhere.
"""
