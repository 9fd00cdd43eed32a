#!/usr/bin/env bash
# AdamW of torch 2.15.0 moves the bias of an attention's keys at up to the learning rate, though its gradient is 0 whatever the images:
# adding one number to all scores of a query leaves the softmax as it is. In float32 the sums leave noise of about 1e-8 there, and AdamW
# divides noise by its own size as soon as that is above epsilon (1e-8): with a loss 100 times as steep, as CLIP's logit scale makes it,
# the bias walks at random. So that third of in_proj_bias in a task vector is noise of the machine, and no check between two machines, or
# between float32 and float64, can hold it; q and v agree to 1e-7.
# Seen: 100 steps at 1e-4: q moves 1.3e-2 and v 1.2e-2, each the same in float32 and float64 to 1e-7; k moves 1.5e-3 in float32, 5e-12 in float64.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q torch==2.15.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import sys, torch
def learned(dtype):
    torch.manual_seed(0)
    attention = torch.nn.MultiheadAttention(32, 4, batch_first=True)
    torch.nn.init.normal_(attention.in_proj_bias, std=0.1)
    attention = attention.to(dtype)
    x = torch.randn(16, 10, 32).to(dtype)
    wanted = torch.randn(16, 32).to(dtype)
    before = attention.in_proj_bias.detach().clone()
    rule = torch.optim.AdamW(attention.parameters(), lr=1e-4, weight_decay=0)
    for step in range(100):
        loss = 100 * ((attention(x, x, x)[0].mean(1) - wanted) ** 2).mean()
        rule.zero_grad(); loss.backward(); rule.step()
        if step == 0: gradient = attention.in_proj_bias.grad.abs().reshape(3, 32).amax(1)
    return gradient.double(), (attention.in_proj_bias.detach() - before).double().reshape(3, 32)
(g32, single), (g64, double) = learned(torch.float32), learned(torch.float64)
apart = (single - double).abs().amax(1)
print('torch', torch.__version__.split('+')[0])
for name, i in (('q', 0), ('k', 1), ('v', 2)):
    print(f'{name} bias: first gradient at most {g32[i]:.1e} in float32, {g64[i]:.1e} in float64; moved by at most {single[i].abs().max():.1e}, {double[i].abs().max():.1e}; apart by {apart[i]:.1e}')
sys.exit(0 if apart[1] > 1e-3 and apart[0] < 1e-4 and apart[2] < 1e-4 and single[1].abs().max() > 1e-3 else 1)
PY
