"""Stages that make the data: download, prepare, hold out a fold.

Data sets themselves are in datasets/. Start with prepare.py.
"""
