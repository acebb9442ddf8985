"""The terms that every room uses, each defined once: the checks and the words of a verdict.

Imports nothing of ours, and every room may import it. Start with `checks.py` and `verdicts.py`. Numbers that decide
are not here: they are settings, `tasks/analyses/checks/thresholds.py`.
"""
