"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# How long an example takes, or takes to be made, says something of the machine and nothing of the code.
settings.register_profile("hotgate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hotgate")
