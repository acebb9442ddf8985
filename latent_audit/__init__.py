"""latent-audit: which latent dimensions of a generative model map to which semantic attributes, and how sure we are.

Rooms: `flows` (Prefect flows and the command line) -> `tasks` (stages, data sets, analyses) -> `vae_models` (models and
their training) and `reports` (the sealed record and its page) -> `vocabulary` (terms that all of them share). The
first four are links to the folders beside this one. Start reading in flows/audit_flow.py.
"""
