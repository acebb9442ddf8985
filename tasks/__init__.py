"""Everything between a flow and the numbers: stages, what runs them, what they read, and what happens to their results.

Models are in vae_models/, the report in reports/. Start with stages/registry.py.
"""
