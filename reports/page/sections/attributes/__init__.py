"""What was found for each attribute: mapping, cards, comparison, stability.

Start with cards.py.
"""
