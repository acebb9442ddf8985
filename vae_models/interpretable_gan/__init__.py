"""The InterpretableGAN: networks, losses, stability, settings.

Start with model.py.
"""
