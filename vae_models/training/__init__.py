"""The training loop and what it needs: inputs, state, step sizes, stacked seeds.

Start with loop.py.
"""
