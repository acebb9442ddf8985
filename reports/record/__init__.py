"""audit.json, the manifest, signatures, and what can be checked offline.

Start with audit_json.py and verification.py.
"""
