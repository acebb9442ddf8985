"""Folders of runs, and what is done with finished ones: verify, sign, compare, accept, clean, print, index.

Runs that are under way are in session/. Start with verify.py.
"""
