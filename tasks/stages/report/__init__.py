"""Stages that draw sections of the report and write the run's files.

The page itself is in reports/page. Start with render.py.
"""
