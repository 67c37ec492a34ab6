"""Tests of `okr`."""
