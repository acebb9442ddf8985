"""Parts of the record that are there only where the settings ask for them.

Start with bias.py.
"""
