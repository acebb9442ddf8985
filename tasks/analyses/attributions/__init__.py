"""Pixel attributions and the tests of whether they can be believed.

Start with attribution.py.
"""
