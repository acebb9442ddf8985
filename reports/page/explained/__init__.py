"""The page of one explained image: `latent-audit explain`.

Start with explanation_page.py.
"""
