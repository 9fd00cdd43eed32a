#!/usr/bin/env bash
# peft 0.21.2: add_weighted_adapter of rsLoRA adapters (use_rslora=True) gives root(rank) times the weighted sum, with "cat" and "svd" too, which
# are exact for plain LoRA. The new adapter is given lora_alpha = its rank, so that its scaling would be 1, and keeps use_rslora of the first
# one, by which the scaling is alpha / root(rank) = root(rank). It is saved so: whoever loads the combination gets the same factor.
# Seen, two adapters of rank 8, weights 0.5 and 0.5, least squares of (combined) / (0.5 d_1 + 0.5 d_2): rsLoRA cat 4.000, svd of rank 16
# 4.000, saved and loaded again 4.000; plain LoRA 1.000 each.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q torch==2.15.0 peft==0.21.2 transformers==5.24.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - "$folder" <<'PY'
import sys, torch, peft
from torch import nn
from peft import LoraConfig, PeftModel, get_peft_model

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(32, 32, bias=False)
    def forward(self, x):
        return self.layer(x)

def times(rslora):
    torch.manual_seed(0)
    lora = LoraConfig(r=8, lora_alpha=8, target_modules=['layer'], use_rslora=rslora)
    model = get_peft_model(Net(), lora, adapter_name='one')
    model.add_adapter('two', lora)
    layer = model.base_model.model.layer
    for name in ('one', 'two'):
        nn.init.normal_(layer.lora_A[name].weight)
        nn.init.normal_(layer.lora_B[name].weight)
    wanted = sum(0.5 * layer.get_delta_weight(name).detach() for name in ('one', 'two'))
    ratio = lambda layer, name: ((layer.get_delta_weight(name).detach() * wanted).sum() / (wanted * wanted).sum()).item()
    model.add_weighted_adapter(['one', 'two'], [0.5, 0.5], 'cat', combination_type='cat')
    model.add_weighted_adapter(['one', 'two'], [0.5, 0.5], 'svd', combination_type='svd', svd_rank=16)
    model.save_pretrained(sys.argv[1], selected_adapters=['cat'])
    again = PeftModel.from_pretrained(Net(), sys.argv[1] + '/cat').base_model.model.layer
    return {'cat': ratio(layer, 'cat'), 'svd': ratio(layer, 'svd'), 'cat, saved and loaded': ratio(again, 'default')}

seen = {rslora: times(rslora) for rslora in (True, False)}
for rslora, ratios in seen.items():
    print(f'peft {peft.__version__}, use_rslora={rslora}:', {name: round(value, 4) for name, value in ratios.items()})
as_written = all(abs(value - 4) < 1e-3 for value in seen[True].values()) and all(abs(value - 1) < 1e-3 for value in seen[False].values())
sys.exit(0 if as_written else 1)
PY
