"""Analyses of a latent space: projections, clusters, traversals, edits, samples.

Start with traversal.py.
"""
