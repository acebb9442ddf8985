"""What a model has learnt at checkpoints of its training.

Start with uptake.py.
"""
