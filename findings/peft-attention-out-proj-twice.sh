#!/usr/bin/env bash
# peft 0.21.2: LoRA on torch.nn.MultiheadAttention (as in open_clip's towers) adds the out_proj's delta twice: in the forward pass with the
# adapter on, and in merge_and_unload, while in_proj gets it once. The layer adds it itself and then lets its wrapped out_proj add it too.
# So an adapter was trained with twice the scaling that its file states for that matrix, and whoever adds alpha/r B A from the file, as
# every merging program does, gets another model than the one that was trained.
# Seen, for (merged - base) / (alpha/r B A), least squares: in_proj 1.000, out_proj 2.000; output with the adapter on against output merged: 2e-07.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q torch==2.15.0 peft==0.21.2 transformers==5.24.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import copy, sys, torch, peft
from torch import nn
from peft import LoraConfig, get_peft_model

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn = nn.MultiheadAttention(16, 2, batch_first=True)
    def forward(self, x):
        return self.attn(x, x, x, need_weights=False)[0]

torch.manual_seed(0)
base = Net().eval()
model = get_peft_model(copy.deepcopy(base), LoraConfig(r=4, lora_alpha=4, target_modules=['attn'])).eval()
layer = model.base_model.model.attn
factors = {}
for name, module in layer.named_modules():
    if isinstance(module, nn.Linear) and '.default' in name:
        nn.init.normal_(module.weight, std=0.1)
        factors[name] = module.weight.detach().clone()
out = lambda which: next(w for n, w in factors.items() if which in n and 'out_proj' in n)
own = lambda which: next(w for n, w in factors.items() if which in n and 'out_proj' not in n)
delta = {'in_proj': own('lora_B') @ own('lora_A'), 'out_proj': out('lora_B') @ out('lora_A')}
x = torch.randn(2, 5, 16)
with torch.no_grad():
    on = model(x)
    merged = model.merge_and_unload()
    apart = (merged(x) - on).abs().max().item()
moved = {
    'in_proj': merged.attn.in_proj_weight - base.attn.in_proj_weight,
    'out_proj': merged.attn.out_proj.weight - base.attn.out_proj.weight,
}
times = {k: ((moved[k] * d).sum() / (d * d).sum()).item() for k, d in delta.items()}
print(f'peft {peft.__version__}:', {k: round(v, 4) for k, v in times.items()}, f'merged against on: {apart:.1g}')
sys.exit(0 if abs(times['in_proj'] - 1) < 1e-3 and abs(times['out_proj'] - 2) < 1e-3 and apart < 1e-5 else 1)
PY
