"""What is measured before the first step: TaLoS's mask and the K-FAC curvature of others' features."""
import numpy as np
import torch

from draws import LOOKED, probe, uniform
from tower import LAYERS, features, shapes


def talos_masks(base, head, images, config):
    """By name, of what may be out at all: every product's weight and bias, conv1, the norms.

    Score of an element: sum over images of (d logit_y / d theta)^2, y drawn from the softmax by uniform(seed, looked, 1, image),
    the same number in each round; weights that are out count `shrink` of themselves. After round k of R the share
    density^(k / R) of all is kept, rounded down: the least scores, and what equals the largest of these.
    """
    names = [name for name in shapes() if name not in ('class_embedding', 'positional_embedding', 'proj')]
    kept = {name: torch.ones_like(base[name], dtype=torch.bool) for name in names}
    count = sum(mask.numel() for mask in kept.values())
    drawn = uniform(config['seed'], LOOKED, 1, len(images))
    rounds, closest = [], 1.0
    for k in range(1, config['rounds'] + 1):
        shrunk = {name: torch.where(mask, base[name], config['shrink'] * base[name]).requires_grad_(True)
                  for name, mask in kept.items()}
        scores = {name: torch.zeros_like(x) for name, x in shrunk.items()}
        for i in range(len(images)):
            logits = head.logits(features({**base, **shrunk}, images[i:i + 1]))[0]
            sums = torch.softmax(logits.detach(), 0).cumsum(0)
            y = min(int((sums <= drawn[i]).sum()), len(sums) - 1)
            closest = min(closest, float((sums - drawn[i]).abs().min()))
            for name, g in zip(names, torch.autograd.grad(logits[y], list(shrunk.values()))):
                scores[name] += g * g
        candidates = torch.cat([scores[name][kept[name]] for name in names]).sort().values
        most = min(int(config['density'] ** (k / config['rounds']) * count), len(candidates))
        threshold = candidates[most - 1]
        gap = float((candidates[most] - threshold) / threshold)
        kept = {name: kept[name] & (scores[name] <= threshold) for name in names}
        rounds.append({'kept': int(sum(mask.sum() for mask in kept.values())), 'threshold': float(threshold), 'gap': gap})
    return kept, {'of': count, 'rounds': rounds, 'closestDraw': closest}


def curvature(base, others, probes=None, seed=0):
    """Of each product y = W x + b of attention and MLP, tr(D A D' B) as a function of the move, D = (dW, db) (out, in + 1):

    A = mean of (x, 1)(x, 1)' over images and tokens; B = mean over images of the sum over tokens and the feature's numbers e of
    g g', g = d f_e / d y. With independent x and g it is the mean of |J delta|^2 of that product alone. Behind the last
    layer's attention the class token is the only token. All images of all others count the same. With `probes`, so many directions r of
    +-1 an image stand for the sum over e: the mean over them of g g', g = d (r f) / d y; -1 where the uniform number is below a half,
    draw the image times the probes plus the probe, index e.
    """
    seen = []
    theta = {name: x.clone().requires_grad_(True) for name, x in base.items()}
    f = features(theta, torch.cat(others), lambda name, x, y: seen.append((name, x.detach(), y)))
    outer = [0 for _ in seen]
    for directions in ways(others, f, probes, seed):
        found = torch.autograd.grad((directions * f).sum(), [y for _, _, y in seen], retain_graph=True)
        share = len(f) * (probes or 1)
        outer = [sum_ + torch.einsum('nto,ntp->op', g, g) / share for sum_, g in zip(outer, found)]
    assert len(seen) == 4 * LAYERS

    def form(name, x, B):
        rows = torch.cat([x, torch.ones_like(x[..., :1])], -1).reshape(-1, x.shape[-1] + 1)
        A = rows.T @ rows / len(rows)

        def trace(delta):
            D = torch.cat([delta[f'{name}weight'], delta[f'{name}bias'][:, None]], 1)
            return ((D @ A) * (B @ D)).sum()

        return trace

    return [form(name, x, B) for (name, x, _), B in zip(seen, outer)]


def ways(others, f, probes, seed):
    """Directions (n, 16) in which features are followed back."""
    embed = f.shape[1]
    if probes is None:
        return [torch.eye(embed, dtype=f.dtype)[e].expand_as(f) for e in range(embed)]
    return [torch.cat([torch.tensor(np.stack([np.where(uniform(seed, probe(o), i * probes + way, embed) < 0.5, -1.0, 1.0)
                                              for i in range(len(images))])).to(f.dtype) for o, images in enumerate(others)])
            for way in range(probes)]
