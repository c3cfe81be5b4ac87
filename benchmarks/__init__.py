"""Benchmarks: each prints machine, versions and ratios against a floor measured in the same run."""
