"""Names that people give to dimensions: carried to other trainings, and their guesses tested.

Pure functions. Start with naming.py, which carries names; rules.py judges guesses.
"""
