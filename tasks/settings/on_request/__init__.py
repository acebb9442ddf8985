"""Settings of what is drawn, trained or fitted on request, and not by any depth.

Start with applications.py.
"""
