"""Results on disk by content key: the store, keys of sources, arrays, locks.

What a stage computes is not known here. Start with store.py.
"""
