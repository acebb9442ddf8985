"""The report's page: context, sections, plots, templates, messages.

Nothing is computed here. Start with render.py.
"""
