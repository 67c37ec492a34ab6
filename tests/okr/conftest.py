"""What every test of the trade shares."""

from hypothesis import settings

# A machine that is busy with something else is no reason to fail, so examples have no time limit.
settings.register_profile("ratchet", deadline=None)
settings.load_profile("ratchet")
