"""Golden numbers of transformer layers and recurrent stacks, by PyTorch: python transformer.py > transformer.json

Weights carry the names that Kiln gives them. The loss that is differentiated is the sum of the outputs times 1, 2, 3, ...
"""
import json

import torch
from torch import nn

torch.manual_seed(3)
torch.set_default_dtype(torch.float64)
N, L, S, C, H, F = 2, 3, 4, 4, 2, 6


def attention(prefix, module):
    w, b = module.in_proj_weight, module.in_proj_bias
    named = {}
    for i, part in enumerate(["query", "key", "value"]):
        named[f"{prefix}{part}.weight"] = w[i * C:(i + 1) * C]
        named[f"{prefix}{part}.bias"] = b[i * C:(i + 1) * C]
    named[f"{prefix}output.weight"] = module.out_proj.weight
    named[f"{prefix}output.bias"] = module.out_proj.bias
    return named


def norm(prefix, module):
    return {f"{prefix}.gamma": module.weight, f"{prefix}.beta": module.bias}


def linear(prefix, module):
    return {f"{prefix}.weight": module.weight, f"{prefix}.bias": module.bias}


def encoder_layer(module):
    return {**attention("self_attention.", module.self_attn), **norm("norm1", module.norm1),
            **linear("feed_forward.linear1", module.linear1), **linear("feed_forward.linear2", module.linear2),
            **norm("norm2", module.norm2)}


def decoder_layer(module):
    return {**attention("self_attention.", module.self_attn), **norm("norm1", module.norm1),
            **attention("cross_attention.", module.multihead_attn), **norm("norm2", module.norm2),
            **linear("feed_forward.linear1", module.linear1), **linear("feed_forward.linear2", module.linear2),
            **norm("norm3", module.norm3)}


def shuffle(module):
    with torch.no_grad():
        for p in module.parameters():
            p.add_(0.3 * torch.randn_like(p))


def case(weights, inputs, y, rounded=12):
    """Everything of a case: weights, inputs, output, and gradients of the inputs that have one."""
    loss = (y * torch.arange(1, y.numel() + 1).reshape(y.shape)).sum()
    varied = [x for x in inputs if x.requires_grad]
    gradients = torch.autograd.grad(loss, varied)
    flat = lambda t: [round(v, rounded) for v in t.detach().double().flatten().tolist()]
    pack = lambda t: {"shape": list(t.shape), "values": flat(t)}
    return {"weights": {n: pack(w) for n, w in weights.items()}, "inputs": [pack(x) for x in inputs],
            "output": pack(y), "gradients": [pack(g) for g in gradients]}


def sequence(length):
    return torch.randn(N, length, C, requires_grad=True)


golden = {}

module = nn.MultiheadAttention(C, H, batch_first=True)
shuffle(module)
x, memory = sequence(L), sequence(S)
golden["cross attention"] = case(attention("", module), [x, memory], module(x, memory, memory)[0])
there = torch.tensor([[1, 1, 1, 0], [1, 0, 1, 1]])
y = module(x, memory, memory, key_padding_mask=there == 0)[0]
golden["attention with padding"] = case(attention("", module), [x, memory, there], y)
seen = torch.tensor([[1, 0, 0, 1], [0, 1, 0, 0], [1, 1, 1, 0]]) == 1
y = module(x, memory, memory, attn_mask=~seen)[0]
golden["attention with a mask"] = case(attention("", module), [x, memory, seen.unsqueeze(0).long()], y)

for name, pre, activation in [("post", False, "relu"), ("pre", True, "gelu")]:
    module = nn.TransformerEncoderLayer(C, H, F, 0.0, activation, batch_first=True, norm_first=pre)
    module.train()
    shuffle(module)
    x = sequence(L)
    golden[f"encoder layer, {name}-norm"] = case(encoder_layer(module), [x], module(x))
    module = nn.TransformerDecoderLayer(C, H, F, 0.0, activation, batch_first=True, norm_first=pre)
    module.train()
    shuffle(module)
    x, memory = sequence(L), sequence(S)
    later = torch.triu(torch.ones(L, L), 1) == 1
    golden[f"decoder layer, {name}-norm"] = case(decoder_layer(module), [x, memory], module(x, memory, tgt_mask=later))

q, k, v = (torch.randn(N, h, L, 2, requires_grad=True) for h in (4, 2, 2))
y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
golden["grouped queries"] = case({}, [q, k, v], y)

for name, module in [("lstm", nn.LSTM(C, 3, 2, bidirectional=True)), ("gru", nn.GRU(C, 3, 2, bidirectional=True)),
                     ("rnn", nn.RNN(C, 3, 2, bidirectional=True)), ("lstm with projection", nn.LSTM(C, 3, 2, proj_size=2))]:
    shuffle(module)
    x = torch.randn(L, N, C, requires_grad=True)
    named = {}
    for n, p in module.named_parameters():
        parts = n.split("_")
        side = "r" if n.endswith("_reverse") else "l"
        kind = {"ih": "i2h", "hh": "h2h", "hr": "h2r"}[parts[1]]
        named[f"{side}{parts[2][1:]}_{kind}_{parts[0]}"] = p
    lengths = torch.tensor([3, 2])
    golden[name] = case(named, [x], module(x)[0])
    if name != "lstm with projection":
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths)
        y = nn.utils.rnn.pad_packed_sequence(module(packed)[0])[0]
        golden[f"{name} with lengths"] = case(named, [x, lengths], y)

print(json.dumps(golden, indent=0))
