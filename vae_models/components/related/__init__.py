"""Posteriors whose elements depend on each other, one file each.

Start with related_posteriors.py, which says what they share.
"""
