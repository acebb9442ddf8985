"""Explanations: maps, manipulation, attributions, applications, model-specific parts.

Start with attributions.py.
"""
