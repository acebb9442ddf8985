"""Sections of the report, by the part of the page they stand in.

Each has a template of its own. Start with overview/summary.py.
"""
