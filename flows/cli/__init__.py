"""The command line, one file a command.

A command reads its words, calls one function of tasks/ or a flow, and prints the outcome. Start with main.py.
"""
