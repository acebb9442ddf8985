"""What is done with finished runs: verify, sign, compare, accept, clean, print, index.

Runs that are under way are in session/. Start with verify.py.
"""
