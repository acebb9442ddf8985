"""The stage that draws sections of the report, and which code draws which.

The page itself is in reports/page. Start with draw.py.
"""
