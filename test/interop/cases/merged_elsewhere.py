"""Follows every recipe of a folder as mergekit's own programs do, NAME.yaml into peer/NAME, as mergekit-pytorch where
its name begins with "raw"; and loads with transformers what Basil wrote into basil/NAME: the tokens of each tokenizer,
and whether a model takes all of its weights, go into loaded.json."""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from mergekit.scripts.merge_raw_pytorch import main as merge_files
from mergekit.scripts.run_yaml import main as merge_folders

os.chdir(sys.argv[1])
transformers.logging.set_verbosity_error()
for recipe in sorted(name for name in os.listdir(".") if name.endswith(".yaml")):
    name = recipe[: -len(".yaml")]
    merge = merge_files if name.startswith("raw") else merge_folders
    merge.main([recipe, os.path.join("peer", name), "--quiet", "--no-write-model-card"], standalone_mode=False)

loaded = {}
for name in sorted(os.listdir("basil")):
    folder = os.path.join("basil", name)
    if not os.path.exists(os.path.join(folder, "config.json")):
        continue
    model, info = transformers.AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    loaded[name] = {
        "missing": sorted(info["missing_keys"]),
        "unexpected": sorted(info["unexpected_keys"]),
        "mismatched": [str(key) for key in info["mismatched_keys"]],
        "finite": bool(torch.isfinite(model(torch.tensor([[0, 1, 2]])).logits).all()),
    }
    if os.path.exists(os.path.join(folder, "tokenizer.json")):
        loaded[name]["tokens"] = transformers.AutoTokenizer.from_pretrained(folder).get_vocab()
with open("loaded.json", "w") as out:
    json.dump(loaded, out)
