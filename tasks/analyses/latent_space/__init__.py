"""Ways through a latent space: projections, clusters, traversals, edits, samples.

Start with traversal.py.
"""
