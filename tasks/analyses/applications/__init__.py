"""What a latent space is good for, measured: anomalies, compression, augmentation, labels.

Start with anomaly.py.
"""
