"""Parquet data sets as pyarrow and datasets write them. Called with an output folder: SET/train.parquet of 40 images, and expected.json: of each set the
labels; paths/train.parquet, which only names the images of pictures/; saved/, what save_to_disk leaves."""
import io
import json
import os
import pathlib
import sys

out = pathlib.Path(sys.argv[1])
os.environ.update(HF_HOME=str(out / ".huggingface"), HF_HUB_OFFLINE="1")

import datasets  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from PIL import Image  # noqa: E402

N = 40


def png(k):
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), (20 * k % 256, 7 * k % 256, 99)).save(buffer, "PNG")
    return buffer.getvalue()


def struct(binary=pa.binary(), text=pa.string()):
    return pa.array([{"bytes": png(k), "path": None} for k in range(N)], pa.struct([("bytes", binary), ("path", text)]))


quarters = [k % 4 for k in range(N)]
labels = pa.array(quarters, pa.int64())
truths = pa.array([k % 2 == 1 for k in range(N)])
names = [["cat", "ant", "dog", "bee"][k % 4] for k in range(N)]
expected = {}


def write(name, image, label, values, **options):
    (out / name).mkdir(parents=True)
    pq.write_table(pa.table({"image": image, "label": label}), out / name / "train.parquet", **options)
    expected[name] = values


write("plain-binary", pa.array([png(k) for k in range(N)], pa.binary()), labels, quarters)
write("large-binary", struct(pa.large_binary(), pa.large_string()), labels, quarters)
delta = {"label": "DELTA_BINARY_PACKED", "image.bytes": "DELTA_LENGTH_BYTE_ARRAY", "image.path": "DELTA_BYTE_ARRAY"}
write("delta-zstd", struct(), labels, quarters, data_page_version="2.0", version="2.6", compression="zstd", use_dictionary=False,
      column_encoding=delta, data_page_size=512)
write("split-brotli", struct(), labels.cast(pa.int32()), quarters, use_dictionary=False, data_page_version="2.0",
      column_encoding={"label": "BYTE_STREAM_SPLIT"}, compression="brotli")
for codec in ("snappy", "gzip", "brotli", "lz4", "zstd", "none"):
    for page in ("1.0", "2.0"):
        write(f"{codec}-{page}", struct(), labels.cast(pa.uint8()), quarters, compression=codec, data_page_version=page)
write("truths", struct(), truths, [k % 2 for k in range(N)])
write("truths-rle", struct(), truths, [k % 2 for k in range(N)], data_page_version="2.0", use_dictionary=False)
write("category", struct(), pa.array(names).dictionary_encode(), [["ant", "bee", "cat", "dog"].index(name) for name in names])
write("floating", struct(), labels.cast(pa.float64()), quarters)
write("page-index", struct(), labels, quarters, use_content_defined_chunking=True, write_page_index=True, write_page_checksum=True)
write("groups", struct(), labels, quarters, row_group_size=7)
write("null", struct(), pa.array([None if k == 7 else k % 4 for k in range(N)], pa.int64()), "the label of train.parquet[7] is null")
write("list", struct(), pa.array([[k % 4] for k in range(N)]), "the label of train.parquet[0] is a list of 1")
lists = pa.array([[{"bytes": png(k), "path": None}] for k in range(N)], pa.list_(struct().type))
write("images", lists, labels, 'the "image" of train.parquet[0] is a list')

(out / "pictures").mkdir()
for k in range(N):
    (out / "pictures" / f"{k}.png").write_bytes(png(k))
pictures = [str(out / "pictures" / f"{k}.png") for k in range(N)]
data = datasets.Dataset.from_dict({"image": pictures, "label": quarters})
data = data.cast_column("image", datasets.Image()).cast_column("label", datasets.ClassLabel(names=["a", "b", "c", "d"]))
(out / "paths").mkdir()
data.to_parquet(str(out / "paths" / "train.parquet"))
data.save_to_disk(str(out / "saved"))
(out / "embedded").mkdir()
datasets.load_from_disk(str(out / "saved")).to_parquet(str(out / "embedded" / "train.parquet"))
expected["embedded"] = quarters
(out / "expected.json").write_text(json.dumps(expected))
