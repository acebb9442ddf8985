"""Prefect flows: what is computed, in which order.

Start with audit_flow.py; cli/ has the commands that start it. What a step computes is in tasks/.
"""
