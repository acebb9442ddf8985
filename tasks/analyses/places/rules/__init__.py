"""From what was measured of places to verdicts on them, by plain results as they stand in audit.json.

Start with where.py; rungs.py judges one rung, sharing.py finds attributes that share a place.
"""
