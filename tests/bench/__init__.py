"""Tests of the benchmarks: what they say, not how fast anything is."""
