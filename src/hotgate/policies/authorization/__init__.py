"""`authorize`: what a caller must have, and what must be true of its request.

Start reading at `authorize`, the compile step. What may be asked for is in `settings`. `needs` compares what the caller
has (scopes, roles, groups, permissions) with what is asked for; `rules` holds conditions in CEL and the named policies
made of them, which `joined` asks all at once; `denial` is how each of them refuses, and says so in the decision.

Every key that is given must be fulfilled. Whatever cannot be decided is denied.
"""
