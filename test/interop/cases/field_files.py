"""Twelve files as the programs of the field write them, by their own ways of saving, each with what its writer holds.
usage: field_files.py OUT_FOLDER
expected.json beside them: {file: {tensor: [type, shape, SHA-256]}}, of the tensors in memory when they were saved."""
import json
import os
import pathlib
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import open_clip
import torch
import transformers
from digests import digest
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

transformers.logging.set_verbosity_error()
torch.manual_seed(0)
torch.set_num_threads(1)
out = pathlib.Path(sys.argv[1])
expected = {}


def keep(name, tensors):
    expected[name] = digest(tensors)


def of_torch():
    model = nn.Sequential(nn.Conv2d(3, 8, 4), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8, 5))
    state = model.state_dict()
    torch.save(state, out / "torch-state.pt")
    keep("torch-state.pt", state)
    torch.save(model, out / "torch-module.pt")
    keep("torch-module.pt", state)
    torch.save(state, out / "torch-legacy.pt", _use_new_zipfile_serialization=False)
    keep("torch-legacy.pt", state)
    narrow = {name: t.to(torch.bfloat16) if t.is_floating_point() else t for name, t in state.items()}
    torch.save({"epoch": 3, "state_dict": narrow, "optimizer": torch.optim.AdamW(model.parameters()).state_dict()}, out / "torch-checkpoint.pt")
    keep("torch-checkpoint.pt", narrow)


def of_open_clip():
    vision = dict(image_size=28, patch_size=7, width=64, layers=2, head_width=16)
    text = dict(context_length=16, vocab_size=100, width=32, heads=2, layers=2)
    model = open_clip.model.CLIP(32, vision, text)
    state = {name: t.contiguous() for name, t in model.state_dict().items()}
    torch.save(state, out / "open_clip_pytorch_model.bin")
    keep("open_clip_pytorch_model.bin", state)
    save_file(state, out / "open_clip_model.safetensors", metadata={"format": "pt"})
    keep("open_clip_model.safetensors", state)
    # as open_clip's own training writes an epoch, from a model on several devices
    torch.save({"epoch": 1, "name": "run", "state_dict": {f"module.{name}": t for name, t in state.items()}}, out / "epoch_1.pt")
    keep("epoch_1.pt", state)


def of_transformers():
    config = transformers.CLIPVisionConfig(hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, image_size=28, patch_size=7, projection_dim=32)
    model = transformers.CLIPVisionModelWithProjection(config)
    state = dict(model.state_dict())
    saved = lambda folder, **how: model.save_pretrained(out / folder, **how)
    names = names_of(saved, state)
    saved("transformers")
    keep("transformers/model.safetensors", names)
    saved("transformers-sharded", max_shard_size="60KB")
    keep("transformers-sharded/model.safetensors.index.json", names)
    torch.save(state, out / "pytorch_model.bin")
    keep("pytorch_model.bin", state)
    # fusion_bench: each fine-tuned tower saved by itself as a folder of transformers', its task vector as a state_dict
    base = {name: t.clone() for name, t in state.items()}
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    saved("fusion_bench")
    keep("fusion_bench/model.safetensors", names_of(saved, dict(model.state_dict())))
    vector = {name: t - base[name] for name, t in model.state_dict().items() if t.is_floating_point()}
    torch.save(vector, out / "task_vector.pt")
    keep("task_vector.pt", vector)


def names_of(saved, state):
    """By the names in the file: save_pretrained leaves out what it makes anew when it loads (position_ids), and may take "vision_model." away."""
    saved("names")
    with safe_open(out / "names" / "model.safetensors", "pt") as file:
        return {name: state[next(own for own in state if f".{own}".endswith(f".{name}"))] for name in file.keys()}


for part in (of_torch, of_open_clip, of_transformers):
    part()
(out / "expected.json").write_text(json.dumps(expected))
