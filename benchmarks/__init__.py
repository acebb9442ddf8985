"""Benchmarks of the documents' figures, beside other libraries and the limits of the machine."""
