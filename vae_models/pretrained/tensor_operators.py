"""The operators that an exported program may call: those that compute tensors from tensors and numbers alone.

Left out are operators that read or write files (from_file), give a tensor other memory (set_, resize_), return
addresses or devices, print, or belong to one backend; and backward passes, which no exported model needs. A program
that calls any other operator is refused.
"""

import torch

_ARITHMETIC = """
abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr angle arccos arccosh arcsin arcsinh arctan arctan2
arctanh asin asinh atan atan2 atanh baddbmm bilinear bmm cdist ceil chain_matmul clamp clamp_max clamp_min clip complex
conj conj_physical copysign corrcoef cos cosh cosine_similarity cov cross cummax cummin cumprod cumsum deg2rad diff
digamma dist div divide dot einsum erf erfc erfinv exp exp2 expm1 float_power floor floor_divide fmax fmin fmod frac
frexp gcd hypot i0 igamma igammac imag inner inverse kron lcm ldexp lerp lgamma linear log log10 log1p log2 logaddexp
logaddexp2 logcumsumexp logdet logit logsumexp matmul matrix_exp matrix_power mm mul multiply mv mvlgamma nan_to_num
neg negative outer pairwise_distance pdist pinverse polar polygamma positive pow prod rad2deg real reciprocal remainder
renorm round rsqrt rsub sgn sign sin sinc sinh sqrt square sub subtract tan tanh tensordot true_divide trunc vdot xlogy
linalg_cholesky linalg_cross linalg_det linalg_diagonal linalg_eigh linalg_eigvalsh linalg_inv linalg_lu linalg_matmul
linalg_matrix_exp linalg_matrix_norm linalg_matrix_power linalg_multi_dot linalg_norm linalg_pinv linalg_qr
linalg_slogdet linalg_solve linalg_svd linalg_svdvals linalg_vecdot linalg_vector_norm
special_digamma special_entr special_erf special_erfc special_erfcx special_erfinv special_exp2 special_expit
special_expm1 special_gammaln special_i0 special_i0e special_i1 special_i1e special_log1p special_log_ndtr
special_log_softmax special_logit special_logsumexp special_ndtr special_ndtri special_sinc special_softmax
special_xlog1py special_xlogy special_zeta
fft_fft fft_fft2 fft_fftfreq fft_fftn fft_fftshift fft_hfft fft_ifft fft_ifft2 fft_ifftn fft_ifftshift fft_irfft
fft_irfft2 fft_irfftn fft_rfft fft_rfft2 fft_rfftfreq fft_rfftn
"""
_COMPARISON = """
all allclose amax amin aminmax any argmax argmin argsort bincount bitwise_and bitwise_left_shift bitwise_not bitwise_or
bitwise_right_shift bitwise_xor bucketize count_nonzero eq equal ge greater greater_equal gt heaviside isclose isfinite
isin isinf isnan isneginf isposinf isreal kthvalue le less less_equal logical_and logical_not logical_or logical_xor lt
max maximum mean median min minimum mode msort nanmean nanmedian nanquantile nansum ne norm not_equal quantile
searchsorted signbit sort std std_mean sum sum_to_size topk trace var var_mean where
"""
_NETWORK = """
adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d
affine_grid_generator alpha_dropout avg_pool1d avg_pool2d avg_pool3d batch_norm celu channel_shuffle col2im
constant_pad_nd conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution dropout elu
embedding feature_alpha_dropout feature_dropout gelu glu grid_sampler grid_sampler_2d grid_sampler_3d group_norm gru
gru_cell hardshrink hardsigmoid hardswish hardtanh im2col instance_norm layer_norm leaky_relu log_sigmoid log_softmax
lstm lstm_cell max_pool1d max_pool1d_with_indices max_pool2d max_pool2d_with_indices max_pool3d
max_pool3d_with_indices mish native_batch_norm native_dropout native_group_norm native_layer_norm one_hot pad
pixel_shuffle pixel_unshuffle prelu reflection_pad1d reflection_pad2d reflection_pad3d relu relu6 replication_pad1d
replication_pad2d replication_pad3d rms_norm rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell rrelu
scaled_dot_product_attention selu sigmoid silu softmax softplus softshrink threshold upsample_bicubic2d
upsample_bilinear2d upsample_linear1d upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_trilinear3d
_adaptive_avg_pool2d _adaptive_avg_pool3d _log_softmax _native_batch_norm_legit _native_batch_norm_legit_functional
_native_batch_norm_legit_no_training _safe_softmax _scaled_dot_product_flash_attention_for_cpu _softmax
_upsample_bicubic2d_aa _upsample_bilinear2d_aa _upsample_nearest_exact1d _upsample_nearest_exact2d
_upsample_nearest_exact3d _weight_norm _weight_norm_interface
"""
_SHAPE = """
adjoint alias alias_copy arange argwhere as_strided as_strided_copy atleast_1d atleast_2d atleast_3d bernoulli
block_diag broadcast_tensors broadcast_to cartesian_prod cat chunk clone column_stack combinations concat concatenate
contiguous copy detach detach_copy diag diag_embed diagflat diagonal diagonal_copy diagonal_scatter dim dsplit dstack
empty empty_like empty_permuted empty_strided expand expand_as expand_copy eye fill flatten flip fliplr flipud full
full_like gather hsplit hstack index index_add index_copy index_fill index_put index_select item lift lift_fresh
lift_fresh_copy linspace logspace mH mT masked_fill masked_scatter masked_select meshgrid moveaxis movedim multinomial
narrow narrow_copy new_empty new_empty_strided new_full new_ones new_zeros nonzero normal numel numpy_T ones ones_like
permute permute_copy rand rand_like randint randint_like randn randn_like randperm ravel repeat repeat_interleave
reshape reshape_as resolve_conj resolve_neg roll rot90 row_stack scalar_tensor scatter scatter_add scatter_reduce
select select_copy select_scatter size slice slice_copy slice_scatter split split_copy split_with_sizes
split_with_sizes_copy squeeze squeeze_copy stack stride swapaxes swapdims sym_constrain_range
sym_constrain_range_for_size sym_numel sym_size t t_copy take take_along_dim tensor_split tile to transpose
transpose_copy tril tril_indices triu triu_indices type_as unbind unbind_copy unflatten unfold unfold_copy uniform
unsafe_chunk unsafe_split unsafe_split_with_sizes unsqueeze unsqueeze_copy view view_as view_as_complex view_as_real
view_copy vsplit vstack zero zeros zeros_like
_assert_scalar _assert_tensor_metadata _conj _local_scalar_dense _neg_view _reshape_alias _to_copy _unsafe_view
"""
# An in-place form (relu_) is allowed where its plain form is.
TENSOR_OPERATORS = frozenset(" ".join((_ARITHMETIC, _COMPARISON, _NETWORK, _SHAPE)).split())
_SIZES = """
_operator.getitem _operator.add _operator.sub _operator.mul _operator.floordiv _operator.truediv _operator.mod
_operator.neg _operator.pos _operator.eq _operator.ne _operator.le _operator.ge _operator.lt _operator.gt
_operator.and_ _operator.or_ torch.sym_int torch.sym_float torch.sym_max torch.sym_min torch.sym_not torch.sym_ite
"""
# What sizes are computed with.
SIZE_OPERATORS = frozenset(_SIZES.split())


def is_tensor_operator(target: str) -> bool:
    """Whether the target of a call is one of these operators, with an overload that torch has."""
    if target in SIZE_OPERATORS:
        return True
    parts = target.split(".")
    if len(parts) != 5 or parts[:3] != ["torch", "ops", "aten"]:
        return False
    name, overload = parts[3:]
    plain = name.removesuffix("_") if not name.startswith("_") else name
    return plain in TENSOR_OPERATORS and overload in getattr(torch.ops.aten, name).overloads()
