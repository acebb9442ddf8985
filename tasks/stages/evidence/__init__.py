"""Stages of the evidence: codes, checks A to D, negative controls, fitness, verdicts.

Their statistics are in analyses/checks. Start with verdicts.py.
"""
