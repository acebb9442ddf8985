"""One run from start to end: its folder, ledger, progress and outcome.

Finished runs are handled in runs/. Start with audit_session.py.
"""
