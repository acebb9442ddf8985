"""Images of one's own, in whatever files they are: folders with tables, one file with everything, arrays.

Start with own_images.py, which has what they share.
"""
