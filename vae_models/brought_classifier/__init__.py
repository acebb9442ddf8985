"""An attribute classifier that the user brings: a function of images in the place of ours.

Start with settings.py; readings.py says what the function returns.
"""
