"""Data sets: one file each, listed in registry.py.

tables/ reads a user's table, images/ image files. Start with folder.py or sprites.py.
"""
