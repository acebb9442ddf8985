"""What a GPU computes and how fast: the same results as on a CPU, images a second, the study of 30 models.

Start with check.py.
"""
