"""Stages that train, import or export models, and those that choose a latent size.

The training loop is in vae_models/training. Start with train_model.py.
"""
