"""Parts of the VAE family: networks, posteriors, priors, pixel distributions, regularisers.

Start with vae.py.
"""
