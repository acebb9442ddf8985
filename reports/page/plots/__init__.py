"""Figures as SVG, one file a kind of figure.

Start with canvas.py.
"""
