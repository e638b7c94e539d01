"""Names and passwords (RFC 7617): how they are sent, how their hashes are kept, made and checked.

Begin with `password_hash`: nothing here decides about a request.
"""
