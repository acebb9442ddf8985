"""Downloads of public files: resumed, checked against digests, from mirrors.

Which files a data set needs is said by the data set. Start with fetching.py.
"""
