#!/usr/bin/env bash
# transformers 5.24.0 saves a CLIPVisionModel without the inner "vision_model." of its tensors' names; transformers 4.41.2 opens that
# folder without an error and gives a tower of random weights, another one at every call (a warning among others says that all tensors
# are newly initialised). Features of a tower saved by today's library and read by yesterday's are noise.
# Seen: 5.24.0 writes embeddings.class_embedding, ...; in 4.41.2 two loads with two seeds agree neither with the saved tower nor with
# each other (cosines of the pooled outputs far from 1).
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q torch==2.15.0 transformers==5.24.0 safetensors==0.8.0 numpy==2.4.6 requests==2.32.3
"$folder/venv/bin/pip" install -q --no-deps --target "$folder/four" transformers==4.41.2 tokenizers==0.19.1 huggingface_hub==0.23.4 safetensors==0.4.5 numpy==1.26.4
cat > "$folder/look.py" <<'PY'
import json, sys, torch, transformers
from transformers import CLIPVisionConfig, CLIPVisionModel

folder, do = sys.argv[1:]
images = torch.linspace(-1, 1, 2 * 3 * 28 * 28).view(2, 3, 28, 28)
def pooled(model):
    with torch.no_grad():
        return model.eval()(images).pooler_output.flatten().tolist()
if do == 'save':
    torch.manual_seed(0)
    model = CLIPVisionModel(CLIPVisionConfig(hidden_size=64, intermediate_size=256, num_hidden_layers=2, num_attention_heads=1, image_size=28, patch_size=7))
    model.save_pretrained(folder + '/tower')
    outputs = [pooled(model), pooled(CLIPVisionModel.from_pretrained(folder + '/tower'))]
else:
    outputs = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        outputs.append(pooled(CLIPVisionModel.from_pretrained(folder + '/tower')))
json.dump({'version': transformers.__version__, 'outputs': outputs}, open(f'{folder}/{do}.json', 'w'))
PY
"$folder/venv/bin/python" -W ignore "$folder/look.py" "$folder" save >/dev/null 2>&1
PYTHONPATH="$folder/four" "$folder/venv/bin/python" -W ignore "$folder/look.py" "$folder" load >/dev/null 2>&1
"$folder/venv/bin/python" - "$folder" <<'PY'
import json, sys, numpy as np
from safetensors import safe_open
folder = sys.argv[1]
five, four = (json.load(open(f'{folder}/{name}.json')) for name in ('save', 'load'))
names = list(safe_open(folder + '/tower/model.safetensors', 'np').keys())
saved, again, first, second = map(np.array, five['outputs'] + four['outputs'])
cosine = lambda a, b: float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
print(f"written by {five['version']}: {sorted(names)[0]}, {len(names)} tensors; read back there: cosine {cosine(saved, again):.6f}")
print(f"read by {four['version']}: cosines with the saved tower {cosine(saved, first):.3f} and {cosine(saved, second):.3f}, with each other {cosine(first, second):.3f}")
as_written = not any(name.startswith('vision_model.') for name in names) and cosine(saved, again) > 0.999999
sys.exit(0 if as_written and max(cosine(saved, first), cosine(saved, second), cosine(first, second)) < 0.9 else 1)
PY
