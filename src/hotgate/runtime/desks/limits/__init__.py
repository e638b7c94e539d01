"""Who counts: `lease_desk` for this node, `counter_desk` for all nodes, `quota_desk` in the store. What operators may
see and end of it is in `limit_operations`, for commands in `limit_commands`.
"""
