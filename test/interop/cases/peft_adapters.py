"""Adapters of every kind that is a change of weights, as peft saves them, with what merge_and_unload makes of each:
FOLDER/BASE/model.safetensors, FOLDER/KIND/adapter_model.safetensors and adapter_config.json, FOLDER/KIND/merged.safetensors,
FOLDER/cases.json [{kind, base}]."""
import copy
import json
import os
import sys

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

folder = sys.argv[1]
torch.manual_seed(7)
tower = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, projection_dim=16)
bases = {
    "clip": CLIPModel(
        CLIPConfig(
            vision_config=dict(tower, image_size=16, patch_size=8),
            text_config=dict(tower, vocab_size=50, max_position_embeddings=8, bos_token_id=0, eos_token_id=1),
            projection_dim=16,
        )
    ),
    "llama": LlamaForCausalLM(
        LlamaConfig(vocab_size=40, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
    ),
    "gpt2": GPT2LMHeadModel(GPT2Config(vocab_size=40, n_positions=16, n_embd=32, n_layer=2, n_head=2)),
}


class Fused(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attn = torch.nn.MultiheadAttention(32, 4)


bases["fused"] = Fused()
attention = ["q_proj", "v_proj"]
cases = {
    "plain": ("clip", dict(r=4, lora_alpha=8, target_modules=attention + ["out_proj", "k_proj"])),
    "rank-stabilised": ("clip", dict(r=4, lora_alpha=8, use_rslora=True, target_modules=attention)),
    "dora": ("clip", dict(r=4, lora_alpha=8, use_dora=True, target_modules=attention + ["fc1"])),
    "patterns": (
        "clip",
        dict(
            r=4,
            lora_alpha=8,
            target_modules=attention + ["fc2"],
            rank_pattern={"vision_model.encoder.layers.0.self_attn.q_proj": 2, "fc2": 6},
            alpha_pattern={"vision_model.encoder.layers.1.self_attn.q_proj": 3, "fc2": 5},
        ),
    ),
    "convolution": ("clip", dict(r=2, lora_alpha=4, target_modules=["patch_embedding"])),
    "embedding": ("llama", dict(r=3, lora_alpha=6, target_modules=["embed_tokens", "up_proj"])),
    "bias": ("clip", dict(r=2, lora_alpha=4, lora_bias=True, target_modules=["fc1"])),
    "biases": ("clip", dict(r=2, lora_alpha=4, bias="all", target_modules=["fc1"], modules_to_save=["pre_layrnorm"])),
    "saved whole": ("llama", dict(r=2, lora_alpha=4, target_modules=["q_proj"], modules_to_save=["lm_head"])),
    "fused attention": ("fused", dict(r=2, lora_alpha=6, target_modules=["attn"])),
    "turned": ("gpt2", dict(r=2, lora_alpha=4, fan_in_fan_out=True, target_modules=["c_attn", "c_fc"])),
}


def whole(model):
    return {name: tensor.detach().clone().contiguous() for name, tensor in model.state_dict().items()}


for name, model in bases.items():
    os.makedirs(f"{folder}/{name}")
    save_file(whole(model), f"{folder}/{name}/model.safetensors")
for kind, (name, settings) in cases.items():
    adapted = get_peft_model(copy.deepcopy(bases[name]), LoraConfig(**settings))
    for own, parameter in adapted.named_parameters():
        if parameter.requires_grad:
            with torch.no_grad():
                parameter.add_(torch.randn_like(parameter) * 0.1)
    os.makedirs(f"{folder}/{kind}")
    adapted.save_pretrained(f"{folder}/{kind}")
    save_file(whole(adapted.merge_and_unload()), f"{folder}/{kind}/merged.safetensors")
with open(f"{folder}/cases.json", "w") as out:
    json.dump([{"kind": kind, "base": name} for kind, (name, _) in cases.items()], out)
