"""What the parts of a code are fitted on: probe_fit, or, where images are few, the images outside each fold.

What chooses and swaps parts stays above. Start with fitting.py.
"""
