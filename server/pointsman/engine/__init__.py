"""Gather, decide, run, settle. Start with route.py."""
