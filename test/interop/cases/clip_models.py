"""Tiny CLIP models as the transformers that runs this saves them, and models whose names are like CLIP's. usage: clip_models.py OUT_FOLDER
base and tuned are two CLIPModels; every other file NAME/WHAT has the same weights as one of them, NAME, under the names of another class:
save_pretrained (in one file and in shards), a state_dict, or the module itself, pickled. others/ are no CLIP models."""
import pathlib
import sys

import torch
import transformers

transformers.logging.set_verbosity_error()
out = pathlib.Path(sys.argv[1])
torch.manual_seed(0)
vision = dict(hidden_size=64, intermediate_size=256, num_hidden_layers=2, num_attention_heads=1, image_size=28, patch_size=7, projection_dim=32)
text = dict(hidden_size=64, intermediate_size=256, num_hidden_layers=2, num_attention_heads=1, vocab_size=100, max_position_embeddings=16, projection_dim=32, eos_token_id=99, bos_token_id=98)


def of_class(name, config, whole):
    """A smaller class with the whole model's weights, whichever of the two forms its names have."""
    model = getattr(transformers, name)(config)
    half = "vision_model." if "Vision" in name else "text_model."
    state = whole.state_dict()
    model.load_state_dict({key: state[key if key in state else half + key] for key in model.state_dict()})
    return model


def save(folder, name, model):
    model.save_pretrained(folder / name)
    torch.save(model.state_dict(), folder / f"{name}.pt")
    torch.save(model, folder / f"{name}-module.pt")


base = transformers.CLIPModel(transformers.CLIPConfig(vision_config=vision, text_config=text, projection_dim=32))
tuned = transformers.CLIPModel(base.config)
tuned.load_state_dict({key: t + 0.01 * torch.randn(t.shape) if t.is_floating_point() else t for key, t in base.state_dict().items()})
for name, whole in ("base", base), ("tuned", tuned):
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    save(folder, "CLIPModel", whole)
    for kind in ("CLIPVisionModel", "CLIPVisionModelWithProjection"):
        save(folder, kind, of_class(kind, whole.config.vision_config, whole))
    for kind in ("CLIPTextModel", "CLIPTextModelWithProjection"):
        save(folder, kind, of_class(kind, whole.config.text_config, whole))
    whole.save_pretrained(folder / "sharded", max_shard_size="100KB")
    torch.save(whole.vision_model.state_dict(), folder / "inner-vision.pt")
    torch.save(whole.text_model.state_dict(), folder / "inner-text.pt")

others = out / "others"
others.mkdir(exist_ok=True)
owl = dict(vision_config=dict(vision), text_config=dict(text))
for name, model in {
    "SiglipModel": transformers.SiglipModel(transformers.SiglipConfig(vision_config=vision, text_config=text)),
    "SiglipVisionModel": transformers.SiglipVisionModel(transformers.SiglipVisionConfig(**vision)),
    "SiglipTextModel": transformers.SiglipTextModel(transformers.SiglipTextConfig(**text)),
    "BlipVisionModel": transformers.BlipVisionModel(transformers.BlipVisionConfig(**vision)),
    "OwlViTModel": transformers.OwlViTModel(transformers.OwlViTConfig(**owl)),
    "ViTModel": transformers.ViTModel(transformers.ViTConfig(hidden_size=64, intermediate_size=256, num_hidden_layers=2, num_attention_heads=1, image_size=28, patch_size=7)),
}.items():
    torch.save(model.state_dict(), others / f"{name}.pt")
