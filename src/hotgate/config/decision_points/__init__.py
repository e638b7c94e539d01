"""`authorization.decision_points:` who is asked whether a request may pass, and what. One file for each kind.

Start reading at `decision_point`. What is asked is written in CEL; it is compiled for each route, by
`policies/decision_points`, because routes differ in their path parameters.
"""
