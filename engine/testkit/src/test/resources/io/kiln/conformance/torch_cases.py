"""Converts sample inputs of PyTorch's own operator tests (torch.testing._internal, op_db), with the results and gradients that
PyTorch computes in float64.

usage: pip install torch expecttest; python torch_cases.py torch.zip
A case: {id, op, variant, args, kwargs, outs: [key], cot: [key or null], grads: [key or null]}. Arrays among the arguments are
{"t": key}, dtypes {"d": name}; "cot" are random cotangents, "grads" the gradients of the arrays among the arguments, in their order.
At most 14 samples of an operator are taken, drawn with a fixed seed.
"""

import random
import sys
import warnings

import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db

from case_file import CaseFile, Skip

warnings.simplefilter("ignore")
SAMPLES = 14

FLOATING = """acos acosh add addmm all amax amin any argmax argmin argsort asin asinh atan atan2 atanh baddbmm bmm broadcast_to bucketize cat cdist ceil
clamp cos cosh count_nonzero cummax cummin cumprod cumsum deg2rad diag_embed diagonal diff digamma div dot einsum eq erf erfc erfinv exp exp2 expm1 eye
flatten flip floor floor_divide fmod frac gather ge grid_sampler_2d gt heaviside histc hypot index_add index_select isfinite isinf isnan kron le lerp
lgamma linalg.cholesky linalg.det linalg.eigvalsh linalg.inv linalg.qr linalg.slogdet linalg.solve linalg.solve_triangular linalg.svdvals
linalg.vector_norm linspace log log10 log1p log2 log_softmax logaddexp logcumsumexp logical_and logical_not logical_or logical_xor logit logspace logsumexp lt
masked_fill masked_select matmul max maximum mean median min minimum mm mul mv nan_to_num ne neg nn.functional.adaptive_avg_pool1d
nn.functional.adaptive_avg_pool2d nn.functional.adaptive_avg_pool3d nn.functional.adaptive_max_pool1d nn.functional.adaptive_max_pool2d
nn.functional.adaptive_max_pool3d nn.functional.avg_pool1d nn.functional.avg_pool2d nn.functional.avg_pool3d nn.functional.batch_norm
nn.functional.binary_cross_entropy_with_logits nn.functional.celu nn.functional.conv1d nn.functional.conv2d nn.functional.conv3d
nn.functional.conv_transpose1d nn.functional.conv_transpose2d nn.functional.conv_transpose3d nn.functional.cosine_embedding_loss
nn.functional.cross_entropy nn.functional.ctc_loss nn.functional.elu nn.functional.embedding nn.functional.gelu nn.functional.glu
nn.functional.grid_sample nn.functional.group_norm nn.functional.hardsigmoid nn.functional.hardswish nn.functional.hinge_embedding_loss
nn.functional.huber_loss nn.functional.instance_norm nn.functional.interpolate nn.functional.kl_div nn.functional.layer_norm nn.functional.leaky_relu
nn.functional.linear nn.functional.local_response_norm nn.functional.logsigmoid nn.functional.max_pool1d nn.functional.max_pool2d
nn.functional.max_pool3d nn.functional.mish nn.functional.nll_loss nn.functional.pad nn.functional.pixel_shuffle nn.functional.pixel_unshuffle
nn.functional.poisson_nll_loss nn.functional.prelu nn.functional.relu nn.functional.rms_norm nn.functional.scaled_dot_product_attention
nn.functional.selu nn.functional.silu nn.functional.smooth_l1_loss nn.functional.softmin nn.functional.softplus nn.functional.softshrink
nn.functional.softsign nn.functional.triplet_margin_loss nn.functional.unfold nonzero norm outer permute polygamma pow prod quantile rad2deg reciprocal
remainder repeat repeat_interleave reshape roll round rsqrt scatter scatter_add scatter_reduce searchsorted sigmoid sign sin sinh softmax sort special.xlog1py
split sqrt square squeeze stack std sub sum take_along_dim tan tanh tile topk trace transpose tril triu trunc unique unsqueeze var where xlogy""".split()
INTEGER = """abs add all amax amin any argmax argmin argsort bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor bmm clamp
count_nonzero cumprod cumsum div eq exp floor_divide fmod logical_and lt matmul max maximum mean median min minimum mul neg pow prod remainder sign sort sqrt
square std sub sum topk unique""".split()


def put(file, key, t):
    return file.put(key, t.detach().resolve_conj().resolve_neg().contiguous().numpy())


def argument(file, key, value, leaves):
    if isinstance(value, torch.Tensor):
        if value.layout != torch.strided:
            raise Skip("layout")
        leaves.append(value)
        return {"t": put(file, "%s:%d" % (key, len(leaves) - 1), value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [argument(file, key, v, leaves) for v in value]
    if isinstance(value, torch.dtype):
        return {"d": str(value).removeprefix("torch.")}
    raise Skip("an argument of type " + type(value).__name__)


def arrays(result):
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, (list, tuple)):
        return [x for r in result for x in arrays(r)]
    raise Skip("a result of type " + type(result).__name__)


def convert(file, name, op, sample):
    leaves = []
    args = [argument(file, name, a, leaves) for a in (sample.input, *sample.args)]
    kwargs = {k: argument(file, name, v, leaves) for k, v in sample.kwargs.items()}
    if any(t.is_floating_point() and t.requires_grad and not t.is_leaf for t in leaves):
        raise Skip("an argument that is computed")
    fresh = op.name == "nn.functional.batch_norm"  # it writes to its arguments
    call = [a.clone() if fresh and isinstance(a, torch.Tensor) else a for a in (sample.input, *sample.args)]
    outs = arrays(op(*call, **sample.kwargs))
    case = {"id": name, "op": op.name, "variant": op.variant_test_name, "args": args, "kwargs": kwargs, "cot": [], "grads": []}
    case["outs"] = [put(file, "%s:out%d" % (name, k), t) for k, t in enumerate(outs)]
    if any(t.requires_grad for t in outs):
        cotangents = [torch.randn_like(t) if t.requires_grad else None for t in outs]
        wanted = [t for t in leaves if t.requires_grad]
        given = torch.autograd.grad([t for t in outs if t.requires_grad], wanted, [c for c in cotangents if c is not None], allow_unused=True)
        gradients = {id(t): g for t, g in zip(wanted, given)}
        case["cot"] = [None if c is None else put(file, "%s:cot%d" % (name, k), c) for k, c in enumerate(cotangents)]
        for k, t in enumerate(leaves):
            g = gradients.get(id(t))
            case["grads"].append(None if g is None else put(file, "%s:grad%d" % (name, k), g))
    file.cases.append(case)


def samples(op, dtype):
    found = list(op.sample_inputs("cpu", dtype, requires_grad=dtype == torch.float64 and op.supports_autograd))
    chosen = range(len(found)) if len(found) <= SAMPLES else sorted(random.sample(range(len(found)), SAMPLES))
    return [found[i] for i in chosen]


torch.manual_seed(0)
random.seed(0)
np.random.seed(0)
torch.set_num_threads(1)
file = CaseFile()
for op in op_db:
    for dtype, letter, names in ((torch.float64, "f", FLOATING), (torch.int64, "i", INTEGER)):
        if op.name not in names or dtype not in op.dtypes:
            continue
        variant = "~" + op.variant_test_name if op.variant_test_name else ""
        for i, sample in enumerate(samples(op, dtype)):
            name = "%s%s.%s.%d" % (op.name, variant, letter, i)
            try:
                convert(file, name, op, sample)
            except Skip as e:
                file.skipped[name] = str(e)
print("not found:", sorted({*FLOATING, *INTEGER} - {c["op"] for c in file.cases}), file=sys.stderr)
file.write(sys.argv[1])
