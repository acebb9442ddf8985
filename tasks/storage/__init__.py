"""Files of a store: results by content key, keys of sources, arrays, locks, the password of its servers.

What a stage computes is not known here. Start with store.py.
"""
