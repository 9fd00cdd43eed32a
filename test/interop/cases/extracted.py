"""Answers JSON lines, of small models of transformers and open_clip.
{"do": "make", "folder"}: pre-trained models and the same after a training that moved every weight,
FOLDER/KIND/base/model.safetensors and FOLDER/KIND/tuned/model.safetensors.
{"do": "load", "kind", "base", "tuned", "adapter"}: the adapter loaded by peft into the base and merged. sum: the largest
|merged - (base + B A)| of what the adapter holds; tuned: the largest |merged - tuned| by tensor; forward: how far the
merged model's features are from the adapted one's; unexpected: what peft said of keys that it did not know."""
import copy
import json
import os
import sys
import warnings

import open_clip
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import CLIPConfig, CLIPModel, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

tower = dict(hidden_size=32, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2, projection_dim=16)
makers = {
    "clip": lambda: CLIPModel(
        CLIPConfig(
            vision_config=dict(tower, image_size=16, patch_size=8),
            text_config=dict(tower, vocab_size=50, max_position_embeddings=8, bos_token_id=0, eos_token_id=1),
            projection_dim=16,
        )
    ),
    "llama": lambda: LlamaForCausalLM(
        LlamaConfig(vocab_size=40, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
    ),
    "gpt2": lambda: GPT2LMHeadModel(GPT2Config(vocab_size=40, n_positions=16, n_embd=32, n_layer=2, n_head=2)),
    "open_clip": lambda: open_clip.model.CLIP(
        embed_dim=16,
        vision_cfg=dict(image_size=16, patch_size=8, width=32, layers=2, head_width=16),
        text_cfg=dict(context_length=8, vocab_size=50, width=32, heads=2, layers=2),
    ),
}
torch.manual_seed(3)
image = torch.randn(2, 3, 16, 16)
tokens = torch.tensor([[2, 3, 4, 5, 6, 7, 8, 1]])
features = {
    "clip": lambda model: model(input_ids=tokens, pixel_values=image).logits_per_image,
    "open_clip": lambda model: torch.cat([model.encode_image(image), model.encode_text(tokens)]),
    "llama": lambda model: model(input_ids=tokens).logits,
    "gpt2": lambda model: model(input_ids=tokens).logits,
}


def save(model, path):
    os.makedirs(path)
    state = {name: tensor.detach().clone().contiguous() for name, tensor in model.state_dict().items()}
    if "lm_head.weight" in state and "transformer.wte.weight" in state:
        del state["lm_head.weight"]  # tied
    save_file(state, f"{path}/model.safetensors")


def make(asked):
    torch.manual_seed(11)
    for kind, maker in makers.items():
        model = maker()
        save(model, f"{asked['folder']}/{kind}/base")
        tuned = copy.deepcopy(model)
        with torch.no_grad():
            for parameter in tuned.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.01)
        save(tuned, f"{asked['folder']}/{kind}/tuned")
    return sorted(makers)


def plain(name):
    return name.removeprefix("base_model.model.").replace(".base_layer.", ".")


def load(asked):
    kind = asked["kind"]
    base, tuned = load_file(asked["base"]), load_file(asked["tuned"])
    model = makers[kind]().eval()
    model.load_state_dict(base, strict=kind != "gpt2")
    if kind == "gpt2":
        model.tie_weights()
    adapter = load_file(f"{asked['adapter']}/adapter_model.safetensors")
    turned = json.load(open(f"{asked['adapter']}/adapter_config.json"))["fan_in_fan_out"]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        adapted = PeftModel.from_pretrained(model, asked["adapter"]).eval()
    with torch.no_grad():
        before = features[kind](adapted)
        merged = adapted.merge_and_unload()
        after = features[kind](merged)
    state = dict(merged.state_dict())
    wanted = {}
    for name, tensor in adapter.items():
        if name.endswith("lora_A.weight"):
            module = plain(name).removesuffix(".lora_A.weight")
            change = adapter[name.replace("lora_A", "lora_B")].double() @ tensor.double()
            own = f"{module}.weight" if f"{module}.weight" in base else f"{module}.in_proj_weight"
            wanted[own] = base[own].double() + (change.T if turned else change)
        elif "lora_B" not in name:
            wanted[plain(name)] = tensor.double()
    return {
        "sum": max((state[name].double() - value).abs().max().item() for name, value in wanted.items()),
        "tuned": {name: (state[name] - value).abs().max().item() for name, value in tuned.items()},
        "forward": (before - after).abs().max().item() / after.abs().max().item(),
        "unexpected": [str(one.message) for one in said if "unexpected" in str(one.message).lower()],
    }


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"result": {"make": make, "load": load}[asked["do"]](asked)}), flush=True)
