"""Where stages are computed: processes of this machine, a thread, Dask or Ray.

The order of stages is decided in ../workers.py. Start with runner.py.
"""
