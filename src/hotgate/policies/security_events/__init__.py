"""Where events of security are received (`security_events:`). Begin with `receivers`.

It is no policy: a receiver is a path that the gateway answers itself. A worker verifies what is sent there, the control
process stores what follows from it, and only then the sender hears that it was accepted.
"""
