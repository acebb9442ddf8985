"""Claims that a code does not hold an attribute: what readers of the whole code find, and whether they could find it.

Pure functions of arrays. Start with measure.py, which measures; rules.py judges.
"""
