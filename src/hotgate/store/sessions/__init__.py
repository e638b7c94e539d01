"""Where sessions of logins are kept when a cookie is not to hold them: in the store, or in Valkey (or Redis).

Begin with `session_store`, the contract; `sql_sessions` and `valkey_sessions` keep it. What they keep of a session is
sealed: only its cookie, together with a key of the gateway, opens it. Only the control process imports this package.
"""
