"""Statistics and explanations as functions of arrays and callables; no files, no Prefect, no MLflow.

Stages call them. Start with checks/verdicts.py.
"""
