"""Quotas: limits for a period of the calendar, counted in a database before they are lent.

Start reading at `calendar`, then `period_bucket`. What is to be fetched and brought back is in `supplies`; who does
so is `runtime/desks/limits/quota_desk`.
"""
