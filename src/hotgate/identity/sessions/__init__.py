"""What browsers carry between requests: sessions, and logins that are under way, sealed by keys of the gateway.

`session` is what is kept of a login, `sealing` makes it unreadable, `cookies` puts it into cookies and takes it out,
`session_cache` remembers what was opened, `return_path` says where a browser may be sent afterwards.
Start with `session`, then `sealing`.
"""
