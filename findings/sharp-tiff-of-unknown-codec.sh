#!/usr/bin/env bash
# sharp 0.35.5 (libvips 8.18.7): failOn 'none' or 'truncated', chosen so that a photograph cut short is still used, also lets a TIFF through
# whose compression this build does not have (zstd, lzma, as Pillow 13.0.0 writes them): pixels come back, nearly all of them wrong, and
# no error. 'error' and 'warning' (the default) say "ZSTD compression support is not configured". deflate and LZW are right to the bit.
# Seen: 3052 of 3072 values differ for zstd and for lzma with 'none' and 'truncated'; an error with 'error' and 'warning'.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pillow==13.0.0
"$folder/venv/bin/python" - "$folder" <<'PY'
import sys, random
from PIL import Image
random.seed(0)
pixels = bytes(random.randrange(256) for _ in range(32 * 32 * 3))
open(sys.argv[1] + '/expected.raw', 'wb').write(pixels)
for kind in ('tiff_adobe_deflate', 'tiff_lzw', 'zstd', 'lzma'):
    Image.frombytes('RGB', (32, 32), pixels).save(f'{sys.argv[1]}/{kind}.tif', compression=kind)
    assert Image.open(f'{sys.argv[1]}/{kind}.tif').tobytes() == pixels
PY
cd "$folder" && npm init -y >/dev/null && npm install --silent --no-fund --no-audit sharp@0.35.5 >/dev/null
node - <<'JS'
const { readFileSync } = require('node:fs')
const sharp = require('sharp')
const expected = readFileSync('expected.raw')
async function main() {
  let asWritten = true
  for (const failOn of ['none', 'truncated', 'error', 'warning'])
    for (const kind of ['tiff_adobe_deflate', 'tiff_lzw', 'zstd', 'lzma']) {
      const seen = await sharp(`${kind}.tif`, { failOn }).raw().toBuffer().then(
        (pixels) => (pixels.equals(expected) ? 'equal' : `differs in ${pixels.filter((v, i) => v !== expected[i]).length} of ${expected.length} values`),
        (error) => `error: ${error.message.split('\n')[0]}`,
      )
      console.log(`sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}, failOn ${failOn}, ${kind}: ${seen}`)
      const wanted = kind.startsWith('tiff') ? 'equal' : ['none', 'truncated'].includes(failOn) ? 'differs' : 'error'
      if (!seen.startsWith(wanted)) asWritten = false
    }
  process.exitCode = asWritten ? 0 : 1
}
main()
JS
