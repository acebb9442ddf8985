"""Codes of more dimensions than can be audited one by one.

Start with chosen.py; ladder.py looks for directions in all of them.
"""
