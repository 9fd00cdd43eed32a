"""Every kind of fine-tuning for its 20 steps, in the form that golden files have (make.py). Equations: contract/tuning/kinds.

What the equations leave open is chosen here, and is said where it is: it is what Basil computes.
"""
import math
import torch

from calibration import curvature, talos_masks
from draws import ADAPTERS, GATES, uniform
from steps import AdamW, Nesterov, Others, batch_of, clip_factor, gradients_of, norm_of, rate_of
from tower import EMBEDDINGS, EXIT, LAYERS, WIDTH, features, movement


class Record:
    """Numbers of each step, and what there is in the end."""

    def __init__(self):
        self.steps = {'losses': [], 'penalties': [], 'norms': [], 'rates': [], 'images': []}
        self.more, self.first = {}, {}

    def step(self, loss, penalty, norm, rate, images):
        for name, value in zip(self.steps, (loss, penalty, norm, rate, images)):
            self.steps[name].append(float(value) if name != 'images' else value)


class World:
    """What a kind is given."""

    def __init__(self, config, theta, head, training, validation, others):
        self.config, self.theta, self.head = config, theta, head
        self.training, self.validation, self.others = training, validation, others

    def picked(self, step):
        images, labels = self.training
        chosen = batch_of(step, len(images), self.config['batch'], self.config['seed'])
        return images[chosen], labels[chosen]

    def rate(self, step):
        c = self.config
        return rate_of(step, c['steps'], c['warmup'], c['learningRate'])

    def cross_entropy(self, z, labels):
        return self.head.loss(z, labels, self.config.get('labelSmoothing', 0.0))


def leaf(x):
    return x.clone().requires_grad_(True)


def learn(world, values, features_of, rule, penalty=None, factors=None):
    """Steps of one rule under one clip of the whole gradient. features_of(images) and penalty(step) know of the values."""
    record = Record()
    for step in range(world.config['steps']):
        images, labels = world.picked(step)
        loss = world.cross_entropy(features_of(images), labels)
        beside = penalty(step) if penalty else torch.zeros((), dtype=loss.dtype)
        gradients = gradients_of(loss + beside, values)
        norm, rate = norm_of(gradients), world.rate(step)
        by = clip_factor(norm, world.config['clipNorm'])
        rule.move(values, {name: by * g for name, g in gradients.items()},
                  {name: rate * (factors or {}).get(name, 1) for name in values})
        record.step(loss.detach(), beside.detach(), norm, rate, len(images))
    return record


def layer_of(name):
    """0 for what comes before the layers, 1 + i for layer i, 1 + LAYERS for what comes behind."""
    if name in EMBEDDINGS:
        return 0
    return 1 + LAYERS if name in EXIT else 1 + int(name.split('.')[2])


def standard(world):
    """frozenLayers k: layers below k and the embeddings with ln_pre stay. layerDecay: what is behind the layers has the
    rate itself, the last layer that times the decay, and so on; the embeddings with ln_pre are before the first layer."""
    config, base = world.config, world.theta
    frozen = config.get('frozenLayers', 0)
    theta = {name: leaf(x) for name, x in base.items() if not (frozen and layer_of(name) <= frozen)}
    factors = {name: config.get('layerDecay', 1) ** (1 + LAYERS - layer_of(name)) for name in theta}
    seen_by = lambda images: features({**base, **theta}, images)
    record = learn(world, theta, seen_by, AdamW(config['weightDecay']), factors=factors)
    return record, {name: x.detach() - base[name] for name, x in theta.items()}, seen_by


def tangent(world, penalty=None):
    """What is learned is delta = theta - theta_pre from 0; decay pulls theta, not delta. penalty(delta, step)."""
    base = world.theta
    delta = {name: leaf(torch.zeros_like(x)) for name, x in base.items()}

    def seen_by(images):
        still, moved = movement(base, delta, images)
        return still + moved

    rule = AdamW(world.config['weightDecay'], origin=base)
    record = learn(world, delta, seen_by, rule, penalty and (lambda step: penalty(delta, step)))
    return record, {name: x.detach() for name, x in delta.items()}, seen_by


def linear(world):
    return tangent(world)


def tau_jp(world):
    """c times the mean over others of the mean over images of |J delta|: of all others, or of other s mod n at step s."""
    config, base = world.config, world.theta
    if config.get('by') == 'kfac':
        layers = curvature(base, [images for images, _ in world.others], config['probes'], config['seed'])
        return tangent(world, lambda delta, step: config['penalty'] / 2 * sum(form(delta) for form in layers))
    ways = [Others(o, len(images), config['otherBatch'], config['seed']) for o, (images, _) in enumerate(world.others)]

    def penalty(delta, step):
        chosen = range(len(ways)) if config['mode'] == 'strict' else [step % len(ways)]
        means = [norms(movement(base, delta, world.others[o][0][ways[o].next()])[1]).mean() for o in chosen]
        return config['penalty'] * sum(means) / len(means)

    return tangent(world, penalty)


def norms(rows):
    """Lengths; of a row of zeros with the gradient 0."""
    square = (rows * rows).sum(1)
    zero = square == 0
    return torch.where(zero, torch.zeros_like(square), torch.where(zero, torch.ones_like(square), square).sqrt())


def talos(world):
    config, base = world.config, world.theta
    masks, told = talos_masks(base, world.head, world.validation[0], config)
    theta = {name: leaf(base[name]) for name, mask in masks.items() if mask.any()}
    seen_by = lambda images: features({**base, **theta}, images)
    rule = AdamW(config['weightDecay'], {name: mask.to(base[name].dtype) for name, mask in masks.items()})
    record = learn(world, theta, seen_by, rule)
    record.more = {'calibration': told, 'kept': {name: int(mask.sum()) for name, mask in masks.items()}}
    return record, {name: x.detach() - base[name] for name, x in theta.items()}, seen_by


TARGETS = ['q', 'k', 'v', 'out', 'fc1', 'fc2']  # in the order of the card


def place_of(layer, target):
    """Tensor, and the first of its rows, of a target of attention."""
    attention = f'transformer.resblocks.{layer}.attn.'
    return (f'{attention}out_proj.weight', 0) if target == 'out' else (f'{attention}in_proj_weight', 'qkv'.index(target) * WIDTH)


def first_factor(seed, layer, target, rank, inputs):
    """A (rank, inputs) of float32 numbers, uniform within 1 / sqrt(inputs): draw 6 layer + the target's place, index an
    element."""
    u = uniform(seed, ADAPTERS, len(TARGETS) * layer + TARGETS.index(target), rank * inputs)
    return torch.tensor((2 * u - 1) / math.sqrt(inputs)).to(torch.float32).reshape(rank, inputs)


def lora(world):
    """Linearised: A stays, as its gradient at B = 0 is 0, and is not pulled to 0 either."""
    config, base = world.config, world.theta
    rank, scale = config['rank'], config['alpha'] / config['rank']
    dtype = base['proj'].dtype
    where = {f'{layer}.{target}': (layer, target) for layer in range(LAYERS) for target in config['targets']}
    first = {key: first_factor(config['seed'], layer, target, rank, WIDTH) for key, (layer, target) in where.items()}
    A = {key: leaf(value.to(dtype)) for key, value in first.items()}
    B = {key: leaf(torch.zeros(WIDTH, rank, dtype=dtype)) for key in where}

    def moved():
        parts = {}
        for key, (layer, target) in where.items():
            name, row = place_of(layer, target)
            below = len(base[name]) - row - WIDTH
            whole = torch.nn.functional.pad(scale * B[key] @ A[key], (0, 0, row, below))
            parts[name] = parts[name] + whole if name in parts else whole
        return parts

    def seen_by(images):
        delta = moved()
        if config['linearised']:
            still, along = movement(base, delta, images)
            return still + along
        return features({**base, **{name: base[name] + x for name, x in delta.items()}}, images)

    values = {f'B.{key}': x for key, x in B.items()}
    if not config['linearised']:
        values.update({f'A.{key}': x for key, x in A.items()})
    record = learn(world, values, seen_by, AdamW(config['weightDecay']))
    record.more = {'factors': {f'{side}.{key}': x.detach() for side, all in (('A', A), ('B', B)) for key, x in all.items()}}
    record.first = first
    return record, {name: x.detach() for name, x in moved().items()}, seen_by


class Step(torch.autograd.Function):
    """I(s >= t), through which the gradient goes unchanged."""

    @staticmethod
    def forward(ctx, s, t):
        return (s >= t).to(s.dtype)

    @staticmethod
    def backward(ctx, g):
        return g, None


def taps(world):
    """One score a tensor; the gradient that is clipped is that of all differences and scores together, penalty among it."""
    config, base = world.config, world.theta
    per_epoch = -(-len(world.training[0]) // config['batch'])
    delta = {name: leaf(torch.zeros_like(x)) for name, x in base.items()}
    scores = {f'score.{name}': leaf(torch.tensor(config['score'], dtype=x.dtype)) for name, x in base.items()}

    def moved():
        return {name: Step.apply(scores[f'score.{name}'], config['threshold']) * x for name, x in delta.items()}

    def seen_by(images):
        return features({name: base[name] + x for name, x in moved().items()}, images)

    closest = []  # how near a score came to the threshold

    def penalty(step):
        closest.extend(abs(float(s.detach()) - config['threshold']) for s in scores.values())
        whole = config['sparsity'] / len(scores) * sum(s.abs() for s in scores.values())
        return whole if step // per_epoch >= config['sparsityAfter'] else 0 * whole

    record = learn(world, {**delta, **scores}, seen_by, Nesterov(config['momentum']), penalty)
    record.more = {'scores': {name: float(scores[f'score.{name}'].detach()) for name in base},
                   'closest': min(closest + [abs(float(s.detach()) - config['threshold']) for s in scores.values()])}
    return record, {name: x.detach() for name, x in moved().items()}, seen_by


LEFT, RIGHT = -1.5, 1.5


def diff_pruning(world):
    """A gate an element and one a tensor. u of an element: index its place in all tensors in the order of their names; of a
    tensor's gate: indices behind those; draw the step; within 1e-4 of neither end. w and gates are clipped apart, and the
    norm that is told is w's. Gates' rate has the schedule of the other. After the first half the difference is taken by
    the gates' means, its largest int(density N) elements stay, and AdamW begins anew on them."""
    config, base = world.config, world.theta
    dtype = base['proj'].dtype
    first = config['steps'] - round(config['steps'] * config['fixedShare'])
    sizes = {name: x.numel() for name, x in base.items()}
    count = sum(sizes.values())
    w = {name: leaf(torch.zeros_like(x)) for name, x in base.items()}
    gates = {f'each.{name}': leaf(torch.full_like(x, config['gate'])) for name, x in base.items()}
    gates.update({f'whole.{name}': leaf(torch.tensor(config['gate'], dtype=dtype)) for name in base})
    rule, opening = AdamW(config['weightDecay']), AdamW(0)
    record = Record()

    def stretched(s):
        return torch.clamp(s * (RIGHT - LEFT) + LEFT, 0, 1)

    def gated(step):
        u = 1e-4 + (1 - 2e-4) * uniform(config['seed'], GATES, step, count + len(base))
        noise = torch.tensor(u).log() - torch.log1p(-torch.tensor(u))
        noise, at, parts = noise.to(dtype), 0, {}
        for place, (name, x) in enumerate(w.items()):
            z = stretched(torch.sigmoid(gates[f'each.{name}'] + noise[at:at + sizes[name]].reshape(x.shape)))
            whole = stretched(torch.sigmoid(gates[f'whole.{name}'] + noise[count + place]))
            parts[name], at = z * whole * x, at + sizes[name]
        return parts

    for step in range(first):
        images, labels = world.picked(step)
        loss = world.cross_entropy(features({name: base[name] + x for name, x in gated(step).items()}, images), labels)
        beside = config['l0'] * sum(torch.sigmoid(a - math.log(-LEFT / RIGHT)).sum() for a in gates.values())
        rate = world.rate(step)
        gradients = gradients_of(loss + beside, {**w, **gates})
        found, opened = ({name: gradients[name] for name in values} for values in (w, gates))
        for values, grads, by, highest in ((w, found, rule, rate),
                                           (gates, opened, opening, rate / config['learningRate'] * config['gateRate'])):
            factor = clip_factor(norm_of(grads), config['clipNorm'])
            by.move(values, {name: factor * g for name, g in grads.items()}, {name: highest for name in values})
        record.step(loss.detach(), beside.detach(), norm_of(found), rate, len(images))

    mean = lambda key: stretched(torch.sigmoid(gates[key].detach()))
    whole = {name: mean(f'each.{name}') * mean(f'whole.{name}') * x.detach() for name, x in w.items()}
    order = torch.cat([x.abs().flatten() for x in whole.values()]).sort(descending=True).values
    kept = int(config['density'] * count)
    least = order[kept - 1]
    masks = {name: (x.abs() >= least).to(dtype) for name, x in whole.items()}
    delta = {name: leaf(masks[name] * x) for name, x in whole.items()}
    rule = AdamW(config['weightDecay'], masks)
    seen_by = lambda images: features({name: base[name] + x for name, x in delta.items()}, images)
    for step in range(first, config['steps']):
        images, labels = world.picked(step)
        loss = world.cross_entropy(seen_by(images), labels)
        gradients = {name: g * masks[name] for name, g in gradients_of(loss, delta).items()}
        norm, rate = norm_of(gradients), world.rate(step)
        factor = clip_factor(norm, config['clipNorm'])
        rule.move(delta, {name: factor * g for name, g in gradients.items()}, {name: rate for name in delta})
        record.step(loss.detach(), 0, norm, rate, len(images))
    record.more = {'kept': {name: int(m.sum()) for name, m in masks.items()}, 'first': first,
                   'gap': float((order[kept - 1] - order[kept]) / order[kept])}
    return record, {name: x.detach() for name, x in delta.items()}, seen_by


KINDS = {'standard': standard, 'linear': linear, 'tau-jp': tau_jp, 'talos': talos, 'lora': lora, 'taps': taps,
         'diff-pruning': diff_pruning}
