"""The whole service, for each test that asks for it."""

from tests.service import clock, judge, laid_out, runtime, stage

__all__ = ["clock", "judge", "laid_out", "runtime", "stage"]
