"""Kinds of model that settings can name, one file each, listed in registry.py.

The parts they are put together from are in components/. Start with plain_vae.py.
"""
