#!/usr/bin/env bash
# safetensors 0.8.0 for numpy: save_file takes float8 arrays of ml_dtypes 0.6.0 and writes a sound file, and load_file of the same
# module cannot open it: AttributeError, module 'numpy' has no attribute 'float8_e4m3fn'. One float8 tensor keeps the whole file from
# load_file; bfloat16 goes both ways. torch's half of the library reads the file.
# Seen: float8_e4m3fn, float8_e5m2, float8_e4m3fnuz, float8_e5m2fnuz and float8_e8m0fnu written, none read back; bfloat16 read back.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q safetensors==0.8.0 numpy==2.4.6 ml_dtypes==0.6.0
"$folder/venv/bin/python" - "$folder" <<'PY'
import sys, ml_dtypes, numpy as np, safetensors
from safetensors.numpy import load_file, save_file
path = sys.argv[1] + '/one.safetensors'
def returns(kind):
    save_file({'w': np.arange(4, dtype=np.float32).astype(getattr(ml_dtypes, kind)), 'b': np.ones(2, np.float32)}, path)
    try:
        return str(load_file(path)['w'].dtype)
    except AttributeError as error:
        return f'AttributeError: {error}'
kinds = ['float8_e4m3fn', 'float8_e5m2', 'float8_e4m3fnuz', 'float8_e5m2fnuz', 'float8_e8m0fnu', 'bfloat16']
seen = {kind: returns(kind) for kind in kinds}
for kind, result in seen.items():
    print(f'safetensors {safetensors.__version__}, numpy {np.__version__}: {kind} written, then {result}')
unread = all(seen[kind].startswith('AttributeError') for kind in kinds[:-1])
sys.exit(0 if unread and seen['bfloat16'] == 'bfloat16' else 1)
PY
