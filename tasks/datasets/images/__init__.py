"""Image files: listed, decoded and checked.

Start with decoding.py.
"""
