"""Scores of whole codes and models: disentanglement, probes, fitness, calibration.

Start with disentanglement_scores.py.
"""
