"""Stages: functions that read artifacts and write files, declared in registry.py.

The statistics they call are in analyses/. Start with registry.py.
"""
