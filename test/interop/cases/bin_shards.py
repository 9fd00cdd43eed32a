"""A vision model as transformers 4 saved it before safetensors: pytorch_model.bin in shards with an index, and the same in one file.

usage: bin_shards.py FOLDER   (torch, transformers < 5)
"""
import sys

import torch
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

torch.manual_seed(0)
sizes = dict(hidden_size=64, intermediate_size=256, num_hidden_layers=2, num_attention_heads=1, image_size=16, patch_size=8, projection_dim=32)
model = CLIPVisionModelWithProjection(CLIPVisionConfig(**sizes))
model.save_pretrained(f"{sys.argv[1]}/shards", safe_serialization=False, max_shard_size="200KB")
model.save_pretrained(f"{sys.argv[1]}/whole", safe_serialization=True)
