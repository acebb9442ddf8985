"""Checks A to D, what guards them, and the rules from their results to verdicts.

Start with verdicts.py.
"""
