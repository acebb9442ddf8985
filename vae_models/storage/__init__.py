"""Trained models on disk: safetensors and a recipe, without pickle.

Start with checkpoints.py.
"""
