"""Readers of what stages wrote: prepared data, codes, responses.

They import no registry of data sets or models. Start with prepared.py.
"""
