"""Layers that networks are made of and torch does not have: residual blocks, self-attention, fast convolutions.

Start with residual.py.
"""
