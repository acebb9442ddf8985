"""Encode and decode functions of others: how they are called, what form their codes have, and functions in memory.

Start with functions_settings.py; ../foreign_model.py uses calls.py and code_form.py for every kind of model.
"""
