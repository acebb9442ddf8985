"""Mixtures fitted to images, the baseline of a model's likelihood.

Start with fitting.py; gaussian.py and bernoulli.py hold the two distributions of pixels.
"""
