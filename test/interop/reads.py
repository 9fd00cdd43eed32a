"""What a Python program sees in the files Basil writes: one JSON request a line in, one JSON answer a line out."""
import json
import os
import re
import sys
import tempfile

import torch
from cases import digests
from safetensors.torch import load_file

torch.manual_seed(0)
torch.set_num_threads(1)
torch.set_grad_enabled(False)

SMALL = dict(
    embed_dim=64,
    vision_cfg=dict(image_size=32, patch_size=8, width=128, layers=2, head_width=64),
    text_cfg=dict(context_length=16, vocab_size=100, width=64, heads=1, layers=2),
    quick_gelu=True,
)


def tensors(file):
    return load_file(file) if file.endswith(".safetensors") else torch.load(file, map_location="cpu", weights_only=True)


def digest(file):
    return digests.digest(tensors(file))


def small_clip():
    import open_clip

    return open_clip.model.CLIP(**SMALL).eval()


def make(file, parts={}):
    """A whole small CLIP of open_clip's own, with weights that are not all alike; also, in files beside it, what the patterns `parts` name."""
    state = {name: tensor + 0.02 * torch.randn(tensor.shape) for name, tensor in small_clip().state_dict().items()}
    torch.save(state, file)
    for other, pattern in parts.items():
        torch.save({name: tensor for name, tensor in state.items() if re.match(pattern, name)}, other)
    return True


def metadata(file):
    from safetensors import safe_open

    with safe_open(file, "pt") as opened:
        return opened.metadata()


def features(folder, code, images, name):
    """Runs the lines a card gives, where the file lies, and asks what they made for features."""
    os.chdir(folder)
    names = {}
    exec(code, names)
    return names["features"](load_file(images)[name]).flatten().tolist()


def agree(open_clip_file, huggingface_file):
    """Largest difference of image and text features between open_clip's model and transformers', both loaded strictly."""
    from transformers import CLIPModel

    ours = small_clip()
    ours.load_state_dict(tensors(open_clip_file))
    theirs = CLIPModel(small_config()).eval()
    theirs.load_state_dict(tensors(huggingface_file))
    images = torch.randn(5, 3, 32, 32)
    texts = torch.randint(1, 98, (5, 16))
    texts[:, -1] = 99  # the end, where a text's features are read
    pairs = [
        (ours.encode_image(images), pooled(theirs.get_image_features(pixel_values=images))),
        (ours.encode_text(texts), pooled(theirs.get_text_features(input_ids=texts))),
    ]
    return [difference(a, b) for a, b in pairs]


def loads(open_clip_file, huggingface_file, kind):
    """What from_pretrained of a transformers class says of a file, and the largest difference of its image features from open_clip's."""
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    config = small_config() if kind == "CLIPModel" else small_config().vision_config
    folder = tempfile.mkdtemp()
    config.save_pretrained(folder)
    is_safetensors = huggingface_file.endswith(".safetensors")
    os.link(huggingface_file, os.path.join(folder, "model.safetensors" if is_safetensors else "pytorch_model.bin"))
    model, told = getattr(transformers, kind).from_pretrained(folder, output_loading_info=True)
    ours = small_clip()
    ours.load_state_dict(tensors(open_clip_file))
    images = torch.randn(5, 3, 32, 32)
    if kind == "CLIPVisionModel":
        ours.visual.proj = None
    theirs = pooled(model.get_image_features(pixel_values=images)) if kind == "CLIPModel" else model(pixel_values=images)[0 if "Projection" in kind else 1]
    return dict(missing=sorted(told["missing_keys"]), unexpected=sorted(told["unexpected_keys"]), difference=difference(ours.encode_image(images), theirs))


def small_config():
    from transformers import CLIPConfig

    vision = dict(hidden_size=128, intermediate_size=512, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8, projection_dim=64)
    text = dict(hidden_size=64, intermediate_size=256, num_hidden_layers=2, num_attention_heads=1, max_position_embeddings=16, vocab_size=100, eos_token_id=99, bos_token_id=98)
    return CLIPConfig(vision_config=vision, text_config=text, projection_dim=64)


def pooled(found):
    """Features: alone, or since transformers 5 among the tower's other outputs."""
    return getattr(found, "pooler_output", found)


def difference(a, b):
    return float((a - b).abs().max() / b.abs().max())


for line in sys.stdin:
    request = json.loads(line)
    do = request.pop("do")
    try:
        answer = dict(result=globals()[do](**request))
    except Exception as error:  # told to the test, which fails by it
        answer = dict(error=f"{type(error).__name__}: {error}")
    print(json.dumps(answer), flush=True)
