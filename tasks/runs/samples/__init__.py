"""Images drawn from a finished run's models: as the model samples, or with attributes that are asked for.

Start with draw_samples.py.
"""
