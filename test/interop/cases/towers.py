"""CLIP models whose heads, activation, epsilon, MLP width or end of text no shape tells, as transformers and open_clip save them, each in a
folder with its configuration and what it computes: expected.safetensors has pixel_values, image_embeds (not normalised) and, of a whole model,
input_ids (padded behind the end), text_embeds, logits. Weights are random and large enough for every one of these to be seen.
usage: towers.py OUT_FOLDER"""
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPVisionConfig, CLIPVisionModelWithProjection

out = pathlib.Path(sys.argv[1])
torch.manual_seed(0)
torch.set_num_threads(1)
torch.set_grad_enabled(False)

START, END = 49406, 49407
PIXELS = torch.randn(3, 3, 28, 28)
TEXTS = [[START, 320, 1125, 539, 320, 2368, END], [START, 518, 2368, END], [START, 1125, 320, 518, 539, 7, 9, 11, END]]
IDS = torch.tensor([ids + [END] * (16 - len(ids)) for ids in TEXTS])  # as CLIP's tokenizer pads


def stirred(model):
    for name, parameter in model.named_parameters():
        if name != "logit_scale":
            parameter.add_(0.08 * torch.randn_like(parameter))
    return model.eval()


def features(of):
    return of if torch.is_tensor(of) else of.pooler_output  # transformers 5 gives the tower's whole output


def whole(name, vision, text, **saving):
    vision = dict(num_hidden_layers=2, image_size=28, patch_size=7, projection_dim=32) | vision
    text = dict(num_hidden_layers=2, max_position_embeddings=16, projection_dim=32) | text
    model = stirred(CLIPModel(CLIPConfig(vision_config=vision, text_config=text, projection_dim=32)))
    model.save_pretrained(out / name, **saving)
    made = model(pixel_values=PIXELS, input_ids=IDS)
    expected = dict(
        pixel_values=PIXELS,
        input_ids=IDS.to(torch.int32),
        image_embeds=features(model.get_image_features(pixel_values=PIXELS)),
        text_embeds=features(model.get_text_features(input_ids=IDS)),
        logits=made.logits_per_image,
        logit_scale=model.logit_scale.exp().reshape(1),
    )
    save_file({n: t.contiguous() for n, t in expected.items()}, out / name / "expected.safetensors")


few = dict(hidden_size=64, num_attention_heads=4, intermediate_size=160)
words = dict(hidden_size=32, num_attention_heads=4, intermediate_size=96)
whole("heads", few, words)
whole("sharded", few, words, max_shard_size="60KB")
whole("gelu", few | dict(hidden_act="gelu"), words | dict(hidden_act="gelu"))
whole("epsilon", few | dict(layer_norm_eps=0.05), words | dict(layer_norm_eps=0.02))
whole("each-its-own", few | dict(hidden_act="gelu"), words)
whole("old-end", few, words | dict(eos_token_id=2))
whole("other-end", few, words | dict(eos_token_id=539))  # in the first text and the last; in the second nowhere
whole("defaults", dict(hidden_size=96, intermediate_size=3072), dict(hidden_size=64, intermediate_size=2048))  # 12 and 8 heads

# With gradients of sum(image_embeds * direction); test/golden/towers is this one, by transformers 5.24.
other = few | dict(hidden_act="gelu", layer_norm_eps=0.01)
vision = CLIPVisionConfig(num_hidden_layers=2, image_size=28, patch_size=7, projection_dim=32, **other)
flat = stirred(CLIPVisionModelWithProjection(vision))
flat.save_pretrained(out / "flat")
direction = torch.randn(3, 32)
with torch.enable_grad():
    embeds = flat(pixel_values=PIXELS).image_embeds
    (embeds * direction).sum().backward()
inside = "encoder.layers.0.self_attn.out_proj.weight encoder.layers.0.layer_norm2.weight encoder.layers.0.mlp.fc1.weight".split()
gradients = {
    f"gradient.{name}": parameter.grad
    for name, parameter in flat.named_parameters()
    if any(name.endswith(end) for end in [*inside, "encoder.layers.1.mlp.fc2.weight", "pre_layrnorm.weight"])
}
expected = dict(pixel_values=PIXELS, image_embeds=embeds.detach(), direction=direction, **gradients)
save_file({n: t.contiguous() for n, t in expected.items()}, out / "flat" / "expected.safetensors")

import open_clip


def of_open_clip(name, patch=7, text=None, **vision):
    text = text or dict(context_length=16, width=32, heads=4, layers=1)
    model_cfg = dict(embed_dim=32, vision_cfg=dict(image_size=28, patch_size=patch, layers=1) | vision, text_cfg=text)
    quick = model_cfg["vision_cfg"].pop("quick_gelu", None)
    model = stirred(open_clip.model.CLIP(**model_cfg, **({} if quick is None else dict(quick_gelu=quick))))
    (out / name).mkdir()
    save_file({n: t.contiguous() for n, t in model.state_dict().items()}, out / name / "open_clip_model.safetensors")
    told = model_cfg | ({} if quick is None else dict(quick_gelu=quick))
    (out / name / "open_clip_config.json").write_text(json.dumps(dict(model_cfg=told, preprocess_cfg={})))
    expected = dict(pixel_values=PIXELS, image_embeds=model.encode_image(PIXELS), input_ids=IDS.to(torch.int32), text_embeds=model.encode_text(IDS))
    save_file({n: t.contiguous() for n, t in expected.items()}, out / name / "expected.safetensors")


of_open_clip("open_clip", width=64, head_width=16, mlp_ratio=2.5)
of_open_clip("open_clip-quick", width=64, head_width=16, mlp_ratio=2.5, quick_gelu=True, norm_kwargs=dict(eps=0.03))
# One layer of each of the largest, their own widths.
of_open_clip("H", patch=14, width=1280, head_width=80)
of_open_clip("g", patch=14, width=1408, head_width=88, mlp_ratio=4.3637)
of_open_clip("bigG", patch=14, width=1664, head_width=104, mlp_ratio=4.9231)
