"""All that imports MLflow.

Other rooms pass a LogBatch or call a Tracker. Start with run_log.py.
"""
