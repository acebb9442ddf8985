"""Two attribute classifiers that judge one model: how far they differ, and the weaker of their verdicts.

Pure functions. Start with combining.py, which makes one verdict of two; differences.py measures how far causes differ.
"""
