"""One profile for all property tests: no deadline, because machines are shared, and no slow-start refusals."""

from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")
