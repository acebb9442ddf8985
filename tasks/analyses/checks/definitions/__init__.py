"""One file a check: its id, what measures it, and how the measurement is judged.

registry.py lists the checks in order. Measurements are in the room above (association.py there, and others), because
stages run them: a changed rule does not make a stage run again. Start with check.py.
"""
