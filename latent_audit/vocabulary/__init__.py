"""What every room uses, defined once: checks, words of a verdict, errors of the machine, the types of audit.json.

Imports nothing of ours, and every room may import it. Start with `checks.py`, `verdicts.py` and `record/audit.py`.
Numbers that decide are not here: they are settings, `tasks/analyses/checks/thresholds.py`.
"""
