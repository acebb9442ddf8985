"""All that imports MLflow.

Other rooms pass a LogBatch or call a RunLog. Start with run_log.py.
"""
