#!/usr/bin/env bash
# A slice of leading-dimension rows in TensorFlow 2.21.0 (eager, CPU) is a copy or the very memory of its source, by the size of a row: where
# that is a whole number of 64 bytes (16 float32) every row slice shares, whichever row it is; else none does, not even that of row 0, which
# lies where its source begins. Column slices are always copies, reshapes and identities never. A kernel, an optimiser or a DLPack consumer
# that writes over a "slice" in place is thus right on a toy model of width 8 and wrong on one of width 768: the gradient of a class token,
# taken as the first row of that of the positions, was added to twice.
# Seen: [50, 768] and [50, 16] share 50 of 50 rows, [50, 8] and [50, 5] none of 50; columns own; reshape and identity shared.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q tensorflow-cpu==2.21.0 numpy==2.4.6
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - 2>/dev/null <<'PY'
import sys, numpy as np, tensorflow as tf
address = lambda t: np.from_dlpack(t).__array_interface__['data'][0]
print('tensorflow', tf.__version__)
good = True
for width, wanted in ((768, 50), (16, 50), (8, 0), (5, 0)):
    source = tf.random.stateless_normal([50, width], [1, 2]) + 0.0
    shared = sum(address(source[r:r + 1]) == address(source) + 4 * r * width for r in range(50))
    columns = address(source[:, :4]) == address(source)
    others = address(tf.reshape(source, [-1])) == address(tf.identity(source)) == address(source)
    print(f'[50, {width}]: {shared} of 50 row slices share; columns {"shared" if columns else "own"}; reshape and identity {"shared" if others else "own"}')
    good &= shared == wanted and not columns and others
sys.exit(0 if good else 1)
PY
