"""What every room uses, each defined once: checks, words of a verdict, errors of the machine, batches.

Imports nothing of ours, and every room may import it. Start with `checks.py` and `verdicts.py`. Numbers that decide
are not here: they are settings, `tasks/analyses/checks/thresholds.py`.
"""
