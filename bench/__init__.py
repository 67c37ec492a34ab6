"""Benchmarks: the promises in numbers, measured on what users do. Nothing imports this package."""
