"""The terms that every room uses, each defined once: the checks, the words of a verdict, the types of audit.json.

Imports nothing of ours, and every room may import it. Start with `checks.py`, `verdicts.py` and `record/audit.py`.
Numbers that decide are not here: they are settings, `tasks/analyses/checks/thresholds.py`.
"""
