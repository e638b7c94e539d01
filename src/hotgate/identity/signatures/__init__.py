"""HTTP Message Signatures (RFC 9421) and what belongs to them: pure functions of messages, no I/O and no clock.

`signed_message` is what a signature speaks about, `component` one part of it, `signature_base` the octets that are
signed, `signature_fields` the two header fields, `signature_key` the algorithms. `request_verifier` puts these together
for requests that come in. `hmac_request` is the simpler scheme for partners. Start with `request_verifier`.
"""
