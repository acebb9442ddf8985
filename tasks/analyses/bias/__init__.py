"""Bias by a protected attribute: errors by subgroups, fairness of decisions, and the attribute erased from the code.

Pure functions of arrays. Start with erasure.py, the remedy; fairness.py measures decisions; rules.py judges.
"""
