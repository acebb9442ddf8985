"""How stages are run: looked up, ordered, computed in worker processes, stopped.

Stages themselves are in stages/. Start with stage_runner.py.
"""
