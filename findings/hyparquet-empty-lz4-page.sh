#!/usr/bin/env bash
# hyparquet 1.31.5 with hyparquet-compressors 1.1.2: a Parquet file that pyarrow 26.0.1 writes with LZ4 and a column that is null in every row
# cannot be read: the column's page is empty, and the decompressor throws "offset out of range 0". The image structs of the Hugging Face
# Hub have such a column (path is null where the bytes are inside), so that every LZ4 image set fails, and with it the columns that are
# sound. snappy, zstd, gzip and brotli read the same table.
# Seen: lz4 throws, snappy, zstd, gzip and brotli give 3 rows.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pyarrow==26.0.1
"$folder/venv/bin/python" - "$folder" <<'PY'
import sys, pyarrow as pa, pyarrow.parquet as pq
image = pa.struct([('bytes', pa.binary()), ('path', pa.string())])
table = pa.table({'image': pa.array([{'bytes': bytes([k] * 50), 'path': None} for k in range(3)], image), 'label': pa.array([0, 1, 2], pa.int64())})
for codec in ('lz4', 'snappy', 'zstd', 'gzip', 'brotli'):
    path = f'{sys.argv[1]}/{codec}.parquet'
    pq.write_table(table, path, compression=codec)
    assert pq.read_table(path).equals(table)
PY
cd "$folder" && npm init -y >/dev/null && npm install --silent --no-fund --no-audit hyparquet@1.31.5 hyparquet-compressors@1.1.2 >/dev/null
cat > look.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
const seen = {}
for (const codec of ['lz4', 'snappy', 'zstd', 'gzip', 'brotli']) {
  const bytes = readFileSync(`${codec}.parquet`)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
  seen[codec] = await parquetReadObjects({ file, compressors, utf8: false }).then(
    (rows) => `${rows.length} rows`,
    (error) => `error: ${error.message}`,
  )
  console.log(`hyparquet 1.31.5, hyparquet-compressors 1.1.2, ${codec}: ${seen[codec]}`)
}
const others = ['snappy', 'zstd', 'gzip', 'brotli'].every((codec) => seen[codec] === '3 rows')
process.exitCode = others && seen.lz4.startsWith('error') ? 0 : 1
JS
node look.mjs
