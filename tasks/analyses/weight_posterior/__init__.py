"""What a classifier's posterior over its weights says: of predictions, and of maps.

Start with entropies.py.
"""
