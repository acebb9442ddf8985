"""The independent classifier that reads attributes from images.

Start with classifier.py.
"""
