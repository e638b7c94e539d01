"""Whether a side of a release does so much worse than the route's own upstream that it must get no more requests."""

from hotgate.control.releases.side_window import SideCounts
from hotgate.policies.releases.release_settings import ReturnOn


def verdict(rules: ReturnOn, side: SideCounts, stable: SideCounts) -> str:
    """Why it must end, or "". Both are of the same window.

    Where the stable side has too few requests to be compared with, it counts as one without errors, and nobody says how
    fast it would be: so a release of everything is watched too.
    """
    if side.requests < rules.min_requests:
        return ""
    is_comparable = stable.requests >= rules.min_requests
    usual = stable.error_share if is_comparable else 0.0
    if side.error_share - usual > rules.errors:
        return f"{side.error_share:.1%} of {side.requests} answers were failures, where {usual:.1%} are usual"
    if rules.slower is None or not is_comparable:
        return ""
    took, usually = side.percentile(rules.percentile), stable.percentile(rules.percentile)
    if took > usually * (1 + rules.slower):
        times = f"up to {took * 1000:.3g} ms, where {usually * 1000:.3g} ms are usual"
        return f"{rules.percentile} % of the answers took {times}"
    return ""
