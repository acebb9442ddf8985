"""Audits of models and arrays that a Python program holds: without a server, by the stages that the command runs.

Start with audit.py; result.py is what it returns, functions.py has parts of an audit as functions of arrays.
"""
