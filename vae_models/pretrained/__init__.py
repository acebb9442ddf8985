"""Models that were trained elsewhere: files, exported programs, a user's own code.

Nothing is unpickled. Start with existing_models.py.
"""
