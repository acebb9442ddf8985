"""One image explained with the models of a finished run: `latent-audit explain`.

Start with explain_image.py.
"""
