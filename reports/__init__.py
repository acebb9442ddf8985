"""The record of an audit and its HTML page.

record/ holds what is checked, page/ what is drawn. Start with page/render.py.
"""
