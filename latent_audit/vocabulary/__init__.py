"""What every room uses, each defined once: the checks, the words of a verdict, which errors are the machine's.

Imports nothing of ours, and every room may import it. Start with `checks.py` and `verdicts.py`. Numbers that decide
are not here: they are settings, `tasks/analyses/checks/thresholds.py`.
"""
