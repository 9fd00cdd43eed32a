"""WebDataset shards with further dots, several columns and macOS's additions, and what webdataset itself reads of them.
Called with an output folder: SET/train-000000.tar, and expected.json: of each set the samples, [key, SHA-256 of the image, label]."""
import gzip
import hashlib
import io
import json
import pathlib
import sys
import tarfile

import webdataset
from PIL import Image

out = pathlib.Path(sys.argv[1])


def png(k):
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), (20 * k % 256, 7 * k % 256, 99)).save(buffer, "PNG")
    return buffer.getvalue()


def shard(name, members):
    folder = out / name
    folder.mkdir(parents=True)
    with tarfile.open(folder / "train-000000.tar", "w") as tar:
        for member, data in members:
            info = tarfile.TarInfo(member)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def pairs(keys, image="png", label="cls"):
    return [x for k, key in enumerate(keys) for x in ((f"{key}.{image}", png(k)), (f"{key}.{label}", str(k % 2).encode()))]


apple = b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(120)
frames = [f"img{k:03d}" for k in range(10)]
shard("mixed", pairs(frames[:6]) + pairs(frames[6:], "05.png", "05.cls"))  # video frames, "22.05.png"
shard("all", pairs([f"clip{k}" for k in range(6)], "00.png", "00.cls"))
shard("columns", pairs([f"s{k:04d}" for k in range(6)], "input.png", "output.cls"))
shard("mac", [x for name, data in pairs([f"./s{k:04d}" for k in range(6)]) for x in ((name.replace("./", "./._"), apple), (name, data))])
shard("dsstore", [("a.png", png(1)), (".DS_Store", b"x" * 20), ("a.cls", b"0"), ("b.png", png(2)), ("b.cls", b"1")])
shard("folders", pairs(["v1.5/a", "v1.5/b", "v2/a", "x/y.z/c"]))
shard("upper", [(name.upper() if name.startswith("b") else name, data) for name, data in pairs(["a", "b", "c"])])
shard("json", [(n, d) if n.endswith("png") else (n, json.dumps({"score": float("nan"), "label": int(d)}).encode()) for n, d in pairs(["a", "b", "c"], label="json")])
shard("long", pairs([f"{'deep/' * 40}{'k' * 90}{k}" for k in range(3)]))
shard("notes", [("__notes__/x.png", png(9)), ("__index__", b"x")] + pairs(["a", "b"]))
plain = (out / "all" / "train-000000.tar").read_bytes()
(out / "packed").mkdir()
(out / "packed" / "train-000000.tar.gz").write_bytes(gzip.compress(plain))


def read(path):
    samples = []
    for sample in webdataset.WebDataset(str(path), shardshuffle=False):
        image = next(value for column, value in sample.items() if column.endswith("png"))
        label = next(value for column, value in sample.items() if column.endswith(("cls", "json")))
        number = json.loads(label)
        samples.append([sample["__key__"], hashlib.sha256(image).hexdigest(), number["label"] if isinstance(number, dict) else number])
    return samples


found = {folder.name: read(next(folder.iterdir())) for folder in sorted(out.iterdir()) if folder.is_dir()}
(out / "expected.json").write_text(json.dumps(found))
