"""Judges facts by policies: pure on the outside, the rules engine inside."""
