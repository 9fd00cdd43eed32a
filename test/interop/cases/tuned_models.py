"""Pre-trained models and the same after a training that moved every weight: FOLDER/KIND/base/model.safetensors and
FOLDER/KIND/tuned/model.safetensors, of transformers (clip, llama, gpt2) and of open_clip."""
import copy
import os
import sys

import open_clip
import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

folder = sys.argv[1]
torch.manual_seed(11)
tower = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, projection_dim=16)
models = {
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
    "open_clip": open_clip.model.CLIP(
        embed_dim=16,
        vision_cfg=dict(image_size=16, patch_size=8, width=32, layers=2, head_width=16),
        text_cfg=dict(context_length=8, vocab_size=50, width=32, heads=2, layers=2),
    ),
}


def save(model, path):
    os.makedirs(path)
    state = {name: tensor.detach().clone().contiguous() for name, tensor in model.state_dict().items()}
    if "lm_head.weight" in state and "transformer.wte.weight" in state:
        del state["lm_head.weight"]  # tied
    save_file(state, f"{path}/model.safetensors")


for kind, model in models.items():
    save(model, f"{folder}/{kind}/base")
    tuned = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in tuned.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.01)
    save(tuned, f"{folder}/{kind}/tuned")
