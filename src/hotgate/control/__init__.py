"""The control plane: the admin interface, and the background work that no request waits for.

Runs in the control process only; nothing here is on a request's way. May import everything from `idp` down, never
`runtime`, which tells it about the processes through the `GatewayState` protocol. Start reading at `admin.py`.
"""
