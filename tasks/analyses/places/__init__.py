"""Where an attribute lives in a code: the rungs dimension, direction and block, then read, then none.

Pure functions of arrays and callables. Start with ladder.py, which measures; rules/ judges.
"""
