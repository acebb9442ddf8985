"""Models as two ONNX files, run by onnxruntime after a look at every operator.

Start with onnx_settings.py; onnx_check.py refuses what is not operations on tensors.
"""
