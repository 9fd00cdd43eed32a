#!/usr/bin/env bash
# peft 0.21.2: add_weighted_adapter(combination_type="linear") is no linear combination of what the adapters do.
# It adds A and B apart, each by the root of its weight: (sum_i sqrt(w_i) B_i)(sum_i sqrt(w_i) A_i), so every pair of adapters leaves
# cross terms B_i A_j behind. Of two independent adapters of rank 4 the result is as far from sum_i w_i B_i A_i as that sum is long
# (relative error about 1), at weights 1 and 1, 0.5 and 0.5, or 1 and -1; "dare_linear" and "magnitude_prune" share it at density 1. "cat" and "svd" of the full rank give the sum. Whoever learns coefficients on task vectors and merges
# LoRAs with them here gets another model.
# Seen: linear 1.05, dare_linear 1.05, magnitude_prune 1.05, cat 5.7e-08, svd 4.9e-07 (weights 0.5 and 0.5, seed 0).
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q torch==2.15.0 peft==0.21.2 transformers==5.24.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys, torch, peft
from torch import nn
from peft import LoraConfig, get_peft_model

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(16, 16, bias=False)
    def forward(self, x):
        return self.layer(x)

torch.manual_seed(0)
lora = LoraConfig(r=4, lora_alpha=4, target_modules=['layer'])
model = get_peft_model(Net(), lora, adapter_name='one')
model.add_adapter('two', lora)
layer = model.base_model.model.layer
for name in ('one', 'two'):
    nn.init.normal_(layer.lora_A[name].weight)
    nn.init.normal_(layer.lora_B[name].weight)
delta = {name: layer.get_delta_weight(name).detach() for name in ('one', 'two')}

errors = {}
for pair in ([1, 1], [.5, .5], [1, -1]):
    for kind in ('linear', 'dare_linear', 'magnitude_prune', 'cat', 'svd'):
        options = {'svd_rank': 8} if kind == 'svd' else {} if kind in ('linear', 'cat') else {'density': 1.0}
        model.add_weighted_adapter(['one', 'two'], pair, f'{kind}{len(errors)}', combination_type=kind, **options)
        wanted = pair[0] * delta['one'] + pair[1] * delta['two']
        got = layer.get_delta_weight(f'{kind}{len(errors)}').detach()
        errors[kind, *pair] = ((got - wanted).norm() / wanted.norm()).item()
        print(f'peft {peft.__version__} {kind:16} weights {pair}: relative error {errors[kind, *pair]:.2g}')
sums = all(error < 1e-5 for (kind, *_), error in errors.items() if kind in ('cat', 'svd'))
crossed = all(error > 0.5 for (kind, *_), error in errors.items() if kind not in ('cat', 'svd'))
sys.exit(0 if sums and crossed else 1)
PY
