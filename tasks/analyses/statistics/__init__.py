"""Estimates, resampling, information and samples; knows no check and no model.

Start with estimates.py.
"""
