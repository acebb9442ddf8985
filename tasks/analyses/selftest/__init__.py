"""Synthetic data with known answers, on which the checks themselves are tested.

Start with selftest.py.
"""
