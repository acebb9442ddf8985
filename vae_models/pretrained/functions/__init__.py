"""Encode and decode functions of others: how they are called, what form their codes have, and functions in memory.

Start with functions_settings.py; every kind of model from elsewhere uses calls.py and code_form.py.
"""
