"""audit.json as types: one file for each part of the record, `audit.py` the whole of it. Start there.

The types are of plain JSON values, so that a record is read and written without being copied. The published schema
is made from them by `../schema.py`. Reading and writing of files is in `reports/record/audit_json.py`.
"""
