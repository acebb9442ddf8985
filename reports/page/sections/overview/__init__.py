"""The answer and what it rests on: summary, checks, controls, data, fitness, provenance.

Start with summary.py.
"""
