"""A user's table of attributes: encoding, cells, types of columns, names of images.

Start with folder_table.py.
"""
