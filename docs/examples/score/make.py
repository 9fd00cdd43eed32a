"""Three fine-tuned models: each learns of the base model's own analogues those with most of one property.
Use: python make.py FOLDER"""
import sys
from pathlib import Path

import torch
from molecules import FOR_TUNING, analogues, loaded, properties
from safetensors.torch import save_file

STEPS, BATCH, RATE = 30, 16, 2e-4
folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def saved(model, name):
    save_file({key: value.clone().contiguous() for key, value in model.state_dict().items()}, folder / f"{name}.safetensors")


def tuned(pairs, seed):
    source, target, model = loaded()
    torch.manual_seed(seed)
    pad = target.vocab.stoi["<pad>"]
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    model.train()
    for step in range(STEPS):
        batch = [pairs[i] for i in torch.randint(len(pairs), (BATCH,)).tolist()]
        src = source.process([source.preprocess(a) for a, _ in batch])
        trg = target.process([target.preprocess(b) for _, b in batch])
        logits = model(src, trg[:, :-1])[0]
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), trg[:, 1:].flatten(), ignore_index=pad)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if step % 10 == 9:
            print(f"  step {step + 1}: loss {loss.item():.3f}", flush=True)
    model.eval()
    return model


source, target, model = loaded()
saved(model, "base")
found = [(a, b, properties(b)) for a, b in analogues(source, target, model, FOR_TUNING, 24, seed=1)]
valid = [(a, b, of) for a, b, of in found if of]
print(f"{len(valid)} of {len(found)} analogues are molecules", flush=True)
for seed, wanted in enumerate(("logp", "halogens", "qed")):
    gain = {a: properties(a)[wanted] for a in FOR_TUNING}
    ranked = sorted(valid, key=lambda one: gain[one[0]] - one[2][wanted])  # most above their own source first
    print(f"{wanted}:", flush=True)
    saved(tuned([(a, b) for a, b, _ in ranked[: len(ranked) // 4]], seed), wanted)
