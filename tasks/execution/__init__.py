"""What a stage is, and how stages are run: looked up, ordered, computed in worker processes, stopped.

Stages themselves are in stages/. Start with stage.py and stage_runner.py.
"""
