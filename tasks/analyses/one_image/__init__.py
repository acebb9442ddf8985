"""What is computed for one image: Shapley values of its code, the smallest move to another answer, how unusual it is.

Start with shapley.py.
"""
