"""The gateway as a relying party of OpenID Connect providers: it sends users there, and judges what comes back.

Begin with `relying_party`, which has one method for each thing that a worker asks for.
"""
