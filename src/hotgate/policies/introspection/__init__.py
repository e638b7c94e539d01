"""`identity: {name: {introspection: …}}`: tokens that say nothing themselves; their issuer is asked (RFC 7662).

Begin with `authenticator`. The question itself is the control process's, for all workers (`control/oauth/
introspection.py`); here is who may ask when, what the answer must say, and for how long it is remembered.
"""

from hotgate.pipeline.policy import MechanismSpec
from hotgate.policies.introspection.authenticator import IntrospectionAuthenticator
from hotgate.policies.introspection.settings import IntrospectionSettings

MECHANISM = MechanismSpec("introspection", IntrospectionSettings, IntrospectionAuthenticator)
