"""Generative models and their training, without Prefect and MLflow.

Start with model.py (what a model is) and presets/registry.py (which there are).
"""
