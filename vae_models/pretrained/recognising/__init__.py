"""What a file or folder is, and which settings open it, found without running anything of it.

Start with inspection.py; weights_by_shape.py finds which of our networks a file of tensors fits.
"""
