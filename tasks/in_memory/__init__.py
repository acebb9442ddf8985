"""Audits of models and arrays that a Python program holds: without a server, by the stages that the command runs.

Start with audit.py; result.py is what it returns, read_run.py opens a finished run as the same.
"""
