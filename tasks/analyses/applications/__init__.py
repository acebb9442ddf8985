"""Applications of a latent space: anomaly detection, compression, augmentation, label efficiency.

Start with anomaly.py.
"""
