"""Every setting of a run, and how file, environment and command line are read into them.

Settings of a model or data set are beside the model or data set. Start with audit.py.
"""
