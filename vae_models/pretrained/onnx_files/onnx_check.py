"""Refuses ONNX files that hold anything but operations on tensors, before onnxruntime reads them.

An operator of another domain would need a library of its own, and a graph inside a node may run without an end. Weights
in other files could be any file of the machine.
"""

from pathlib import Path
from typing import Any

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.printable import printable
from latent_audit.vocabulary.machine_errors import raise_machine_error

_LARGEST_BYTES = (1 << 31) - 1  # of a protocol buffer
_DOMAINS = ("", "ai.onnx")
_ARITHMETIC = """
Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Ceil Clip Cos Cosh
CumSum Det Div Einsum Equal Erf Exp Floor Gemm Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Log MatMul
MatMulInteger Max Mean Min Mod Mul Neg Not Or Pow Reciprocal Round Sign Sin Sinh Sqrt Sub Sum Tan Tanh Where Xor
"""
_NETWORK = """
AveragePool BatchNormalization Celu Conv ConvInteger ConvTranspose Dropout Elu Gelu GlobalAveragePool GlobalLpPool
GlobalMaxPool GroupNormalization GRU HardSigmoid HardSwish Hardmax InstanceNormalization LayerNormalization LeakyRelu
LogSoftmax LpNormalization LpPool LRN LSTM MaxPool MeanVarianceNormalization Mish PRelu Relu Resize RMSNormalization
RNN Selu Shrink Sigmoid Softmax Softplus Softsign Swish ThresholdedRelu Upsample
"""
_SHAPE = """
ArgMax ArgMin Cast CastLike CenterCropPad Compress Concat Constant ConstantOfShape DepthToSpace DequantizeLinear
DynamicQuantizeLinear Expand EyeLike Flatten Gather GatherElements GatherND GridSample Identity NonZero OneHot Pad
QLinearConv QLinearMatMul QuantizeLinear Range ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean
ReduceMin ReduceProd ReduceSum ReduceSumSquare Reshape ReverseSequence ScatterElements ScatterND Shape Size Slice
SpaceToDepth Split Squeeze Tile TopK Transpose Trilu Unique Unsqueeze
"""
# Numbers from tensors: none reads a file, runs a graph of its own, or works on words.
OPERATORS = frozenset(" ".join((_ARITHMETIC, _NETWORK, _SHAPE)).split())
_OUTSIDE = 1  # TensorProto.EXTERNAL


def checked_model(path: Path) -> bytes:
    """Returns the content of an ONNX file that holds operations on tensors alone, with its weights inside.

    Raises BadCheckpoint that names the first thing that is none.
    """
    try:
        import onnx
    except ImportError as error:
        raise BadCheckpoint(
            "onnx is not installed: install the extra `onnx`, as in pip install latent-audit[onnx]"
        ) from error
    if not path.is_file():
        raise BadCheckpoint(f"there is no ONNX file at {path}")
    if path.stat().st_size > _LARGEST_BYTES:
        raise BadCheckpoint(f"{path} is larger than an ONNX file of one piece can be (2 GiB)")
    content = path.read_bytes()
    try:
        model = onnx.ModelProto.FromString(content)
    except Exception as error:  # the parser's own errors have no common base
        raise_machine_error(error)
        raise BadCheckpoint(f"{path} is no ONNX model that can be read ({type(error).__name__})") from error
    problem = _first_problem(model)
    if problem is not None:
        raise BadCheckpoint(
            f"{path} holds {problem}; only operations on tensors are run. Export the model without it, or use kind "
            "entrypoint with onnxruntime in your own function"
        )
    return content


def _first_problem(model: Any) -> str | None:
    if len(model.functions):
        return f"a function of its own ({printable(model.functions[0].name)})"
    if len(model.training_info):
        return "a graph for training"
    graph = model.graph
    for node in graph.node:
        if node.domain not in _DOMAINS:
            return f"an operator of another library ({printable(node.domain)}.{printable(node.op_type)})"
        if node.op_type not in OPERATORS:
            return f"the operator {printable(node.op_type)}"
        for attribute in node.attribute:
            if attribute.HasField("g") or len(attribute.graphs):
                return f"a graph inside the operator {printable(node.op_type)}"
            tensors = [*attribute.tensors, *([attribute.t] if attribute.HasField("t") else [])]
            if any(tensor.data_location == _OUTSIDE for tensor in tensors):
                return "numbers in another file"
    sparse = [part for tensor in graph.sparse_initializer for part in (tensor.values, tensor.indices)]
    for tensor in (*graph.initializer, *sparse):
        if tensor.data_location == _OUTSIDE or len(tensor.external_data):
            return f"weights in another file ({printable(tensor.name)}): save it in one piece"
    return None
