"""A code without the dimensions that it does not use, and whether the verdicts are the same.

Start with dropping.py; rules.py compares.
"""
