"""Servers on this machine: Prefect, its worker and MLflow, and the password in front of them.

What `up`, `down`, `status` and `ui` do. Start with all_services.py.
"""
