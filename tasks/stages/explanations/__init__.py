"""Stages that explain without deciding: projections, traversals, edits, attributions, applications.

They may fail without failing the audit. Start with attribute.py.
"""
