"""Checkpoints of every type that safetensors has, models that differ from their base in what they hold, and an adapter: as the programs write them.

usage: checkpoints.py FOLDER   (torch, safetensors, ml_dtypes, numpy, peft)
"""
import json
import pathlib
import struct
import sys

import ml_dtypes
import numpy as np
import torch
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(0)
pt = {"format": "pt"}
FLOAT8 = {
    "F8_E4M3": (torch.float8_e4m3fn, ml_dtypes.float8_e4m3fn),
    "F8_E5M2": (torch.float8_e5m2, ml_dtypes.float8_e5m2),
    "F8_E4M3FNUZ": (torch.float8_e4m3fnuz, ml_dtypes.float8_e4m3fnuz),
    "F8_E5M2FNUZ": (torch.float8_e5m2fnuz, ml_dtypes.float8_e5m2fnuz),
}


def floats(*shape):
    return random.standard_normal(shape).astype("f4")


def raw(name, tensors):
    """A header written by hand, for types that Python has no tensors of. tensors: name -> (type, shape, bytes)"""
    header, at = {"__metadata__": pt}, 0
    for tensor, (dtype, shape, data) in tensors.items():
        header[tensor] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (out / name).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data for _, _, data in tensors.values()))


def float8():
    """All codes of each type, and numbers with what torch and ml_dtypes make of them: every float16, random bits, and what weights look like."""
    codes = torch.arange(256, dtype=torch.uint8)
    save_file({name: codes.clone().view(theirs) for name, (theirs, _) in FLOAT8.items()}, out / "float8.safetensors", pt)
    halves = np.arange(65536, dtype="u2").view("f2").astype("f4")
    bits = random.integers(0, 2**32, 100_000, dtype="u4").view("f4")
    weights = (random.standard_normal(100_000) * 10 ** random.uniform(-8, 6, 100_000)).astype("f4")
    numbers = np.concatenate([halves, bits, weights])
    expected = {"numbers": torch.from_numpy(numbers)}
    for name, (in_torch, in_numpy) in FLOAT8.items():
        expected[f"{name}.wide"] = codes.view(in_torch).float()
        with np.errstate(invalid="ignore"):
            expected[f"{name}.ml_dtypes"] = torch.from_numpy(numbers.astype(in_numpy).view("u1"))
        expected[f"{name}.torch"] = torch.from_numpy(numbers).to(in_torch).view(torch.uint8)
    save_file(expected, out / "float8-expected.safetensors", pt)


def without_numbers():
    """Types that Basil lists and copies: complex numbers, and microscaling formats with their scales."""
    save_file({"freqs_cis": torch.view_as_complex(torch.randn(4, 2)), "b.weight": torch.randn(4, 4)}, out / "c64.safetensors", pt)
    b = ("F32", [4, 4], floats(4, 4).tobytes())
    raw("f4.safetensors", {"a.weight": ("F4", [2, 8], bytes(range(8))), "a.scale": ("F8_E8M0", [2], b"\x7f\x80"), "b.weight": b})
    raw("f6.safetensors", {"a.weight": ("F6_E2M3", [4], b"abc"), "c.weight": ("F6_E3M2", [8], b"abcdef"), "b.weight": b})
    quantised = {"a.weight": torch.randn(4, 4).to(torch.float8_e4m3fn), "a.scale": torch.tensor([0.5]), "b.weight": torch.randn(4, 4)}
    save_file(quantised, out / "fp8.safetensors", pt)
    save_file({**quantised, "a.weight": torch.randn(4, 4).to(torch.float8_e4m3fn)}, out / "fp8-tuned.safetensors", pt)


def models():
    base = {"model.embed.weight": floats(10, 4), "model.l.weight": floats(4, 4), "model.temp": np.array(2.5, "f4"), "model.empty": np.zeros((0, 4), "f4")}
    tuned = {name: np.asarray(value + 0.01 * random.standard_normal(value.shape), "f4") for name, value in base.items()}
    longer = np.concatenate([tuned["model.embed.weight"], floats(2, 4)])
    mask = np.triu(np.full((6, 6), -np.inf, "f4"), 1)  # a causal mask that is a persistent buffer
    files = {
        "base": base,
        "tuned": tuned,
        "tuned-untied": {**tuned, "lm_head.weight": tuned["model.embed.weight"]},
        "tuned-vocab12": {**tuned, "model.embed.weight": longer},
        "tuned-notemp": {name: value for name, value in tuned.items() if name != "model.temp"},
        "base-mask": {**base, "attn_mask": mask},
        "tuned-mask": {**tuned, "attn_mask": mask},
        "base-half": {name: value.astype("f2") for name, value in base.items()},
        "tuned-half": {name: value.astype("f2") for name, value in tuned.items()},
    }
    for name, tensors in files.items():
        save_arrays(tensors, out / f"{name}.safetensors", pt)


def large():
    """A mixture of experts of 30,000 tensors; headers of 20 MB (150,000 tensors) and of 18 MB (a trainer's log)."""
    experts = {f"model.layers.{i // 400}.mlp.experts.{i % 400}.down_proj.weight": floats(2, 2) for i in range(30_000)}
    save_arrays(experts, out / "many.safetensors", pt)
    save_arrays({name: value + np.float32(1) for name, value in experts.items()}, out / "many-tuned.safetensors", pt)
    features = {f"some/dataset/folder/image_{i:08d}.features.layer12.mean_pooled": np.zeros(1, "f4") for i in range(150_000)}
    save_arrays(features, out / "huge-header.safetensors")
    save_arrays({"a": floats(2)}, out / "huge-metadata.safetensors", {"training_log": "x" * (18 << 20)})


def adapters():
    """What peft's save_pretrained leaves: adapter_model.safetensors and its configuration."""
    from peft import IA3Config, LoraConfig, get_peft_model

    def model():
        return torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))

    get_peft_model(model(), LoraConfig(target_modules=["0"], r=2)).save_pretrained(out / "lora")
    get_peft_model(model(), LoraConfig(target_modules=["0"], r=2, use_dora=True, modules_to_save=["2"])).save_pretrained(out / "dora")
    get_peft_model(model(), IA3Config(target_modules=["0"], feedforward_modules=[])).save_pretrained(out / "ia3")


torch.manual_seed(0)
float8()
without_numbers()
models()
large()
adapters()
