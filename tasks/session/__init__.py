"""One run from start to end: its Prefect tasks and page, its report, MLflow runs and outcome.

Finished runs are handled in runs/. Start with audit_session.py.
"""
