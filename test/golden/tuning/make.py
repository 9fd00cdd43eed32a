"""Golden numbers of fine-tuning, from PyTorch in float64: `python make.py`, which writes beside itself, or `python make.py FOLDER`.

`python make.py FOLDER float32` computes in float32, to learn how far rounding carries. Weights, images and heads are float32 numbers
drawn by draws.py, so that any machine makes the same. NAME.json holds, of each configuration in `cases`: every step's loss (smoothed
where it is), penalty, norm of the gradient before it is clipped and learning rate; theta - theta_pre by its sum, its norm and eight of
its elements; loss and accuracy on validation images before and after. A head of scale 100 would be too steep for numbers that
are to be compared after 20 steps: the zero-shot head's is 10.
"""
import json, pathlib, sys
import numpy as np
import torch
from safetensors.torch import save_file

import draws
from checks import check
from kinds import KINDS, World
from tower import EMBED, EPSILON, HEADS, SIZE, WIDTH, Head, features, shapes

torch.set_num_threads(1)  # sums in one order
out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
dtype = torch.float32 if 'float32' in sys.argv[2:] else torch.float64
CLASSES = 8


def drawn(what, count):
    """In [-1, 1), of this program's own stream."""
    return 2 * draws.uniform(2026, 999_999, what, count) - 1


def weights():
    made = {}
    for i, (name, shape) in enumerate(shapes().items()):
        x = drawn(i, int(np.prod(shape))).reshape(shape)
        norm = '.ln_' in f'.{name}'
        if norm:
            made[name] = (1 if name.endswith('weight') else 0) + 0.2 * x
        elif name.endswith('bias'):
            made[name] = 0.1 * x
        else:
            # a uniform number's variance is a third
            fan = shape[0] if name == 'proj' else int(np.prod(shape[1:])) if len(shape) > 1 else WIDTH
            made[name] = x * np.sqrt(3 / fan)
    return {name: torch.tensor(x).to(torch.float32) for name, x in made.items()}


def pictures(what, count):
    """Each class has a picture of its own, from which its images differ by noise; classes in turn, so that all have some."""
    size = 3 * SIZE * SIZE
    labels = np.arange(count) % CLASSES
    own = drawn(1000 + 10 * what, CLASSES * size).reshape(CLASSES, size)
    noise = drawn(1001 + 10 * what, count * size).reshape(count, size)
    return torch.tensor(own[labels] + 0.5 * noise).to(torch.float32).reshape(count, 3, SIZE, SIZE), torch.tensor(labels)


def made():
    """Float32, as the files hold it."""
    rows = drawn(2000, CLASSES * EMBED).reshape(CLASSES, EMBED)
    images, labels = pictures(0, 64)
    sets = {'learning': (images[:48], labels[:48]), 'validation': (images[48:], labels[48:]),
            'second': pictures(1, 24), 'third': pictures(2, 24)}
    heads = {'head.eight': torch.tensor(rows / np.linalg.norm(rows, axis=1, keepdims=True)),
             'head.probe': torch.tensor(drawn(2001, CLASSES * EMBED).reshape(CLASSES, EMBED)),
             'head.probe.bias': torch.tensor(0.3 * drawn(2002, CLASSES))}
    return weights(), sets, {name: x.to(torch.float32) for name, x in heads.items()}


def write_inputs(theta, sets, heads):
    towers = {'vision': {'heads': HEADS, 'activation': 'quick-gelu', 'layerNormEps': EPSILON}}
    save_file({f'visual.{name}': x for name, x in theta.items()}, out / 'pretrained.safetensors',
              {'basil.towers': json.dumps(towers)})
    save_file({f'{what}.{name}': x for name, pair in sets.items() for what, x in zip(('images', 'labels'), pair)},
              out / 'tasks.safetensors')
    records = [{'name': 'eight', 'kind': 'zero-shot', 'scale': 10},
               {'name': 'probe', 'kind': 'linear probe', 'scale': 1, 'normalised': False}]
    save_file(heads, out / 'heads.safetensors', {'basil.head': json.dumps(records)})


COMMON = {'pretrained': 'pretrained.safetensors',
          'task': {'name': 'eight', 'data': 'tasks.safetensors#learning', 'validation': 'tasks.safetensors#validation',
                   'head': 'heads.safetensors#head.eight'},
          'steps': 20, 'batch': 16, 'learningRate': 1e-3, 'weightDecay': 0.1, 'warmup': 5, 'clipNorm': 1, 'augment': False, 'seed': 7}
OTHERS = {'others': ['tasks.safetensors#second', 'tasks.safetensors#third']}
PROBE = {**COMMON['task'], 'head': 'heads.safetensors#head.probe'}

CASES = {
    'standard': {'kind': 'standard'},
    'standard-layers': {'kind': 'standard', 'layerDecay': 0.7, 'frozenLayers': 1, 'labelSmoothing': 0.1},
    # the probe takes features as they are; the last batch of its epochs has 8 images
    'standard-probe': {'kind': 'standard', 'task': PROBE, 'batch': 20, 'layerDecay': 0.7},
    'linear': {'kind': 'linear'},
    'tau-jp-efficient': {'kind': 'tau-jp', **OTHERS, 'penalty': 0.1, 'mode': 'efficient', 'otherBatch': 16},
    'tau-jp-strict': {'kind': 'tau-jp', **OTHERS, 'penalty': 0.1, 'mode': 'strict', 'otherBatch': 16},
    'tau-jp-kfac': {'kind': 'tau-jp', **OTHERS, 'penalty': 2, 'by': 'kfac', 'probes': None},
    'tau-jp-kfac-probes': {'kind': 'tau-jp', **OTHERS, 'penalty': 2, 'by': 'kfac', 'probes': 2},
    'talos': {'kind': 'talos', 'density': 0.1, 'rounds': 4, 'shrink': 0.1},
    'lora': {'kind': 'lora', 'rank': 4, 'alpha': 8, 'targets': ['q', 'k', 'v', 'out'], 'linearised': False, 'learningRate': 5e-3},
    'lora-linearised': {'kind': 'lora', 'rank': 4, 'alpha': 8, 'targets': ['q', 'k', 'v', 'out'], 'linearised': True,
                        'learningRate': 5e-3},
    'taps': {'kind': 'taps', 'threshold': 0.1215, 'score': 0.15, 'sparsity': 20, 'sparsityAfter': 3, 'momentum': 0.9,
             'learningRate': 0.02, 'weightDecay': 0},
    'diff-pruning': {'kind': 'diff-pruning', 'l0': 1e-5, 'gate': 2, 'gateRate': 0.1, 'density': 0.1, 'fixedShare': 0.5,
                     'weightDecay': 0},
}


def sample(x):
    """Sum, norm and eight elements, evenly from the first to the last."""
    flat = x.flatten()
    at = sorted({i * (len(flat) - 1) // 7 for i in range(8)})
    return {'sum': float(flat.sum()), 'norm': float((flat * flat).sum().sqrt()), 'at': at, 'values': [float(flat[i]) for i in at]}


def pieces(moved):
    """In the order of names. Of the fused bias of attention the queries' and the values' part: that of the keys has no gradient, as
    it moves all scores of a query by one number, so that what AdamW makes of it is noise."""
    found = []
    for name, x in sorted(moved.items()):
        if name.endswith('in_proj_bias'):
            found += [{'tensor': f'visual.{name}', 'part': part, 'first': i * WIDTH, **sample(x[i * WIDTH:(i + 1) * WIDTH])}
                      for i, part in ((0, 'q'), (2, 'v'))]
        else:
            found.append({'tensor': f'visual.{name}', **sample(x)})
    return found


def judged(head, z, labels):
    logits = head.logits(z)
    return {'loss': float(head.loss(z, labels)), 'accuracy': float((logits.argmax(1) == labels).double().mean())}


def told(name, case, theta, sets, heads):
    """What NAME.json holds; and of LoRA, where its first factors began."""
    config = {**COMMON, **case}
    head = heads[config['task']['head'].split('#')[1]]
    others = [sets[path.split('#')[1]] for path in config.get('others', [])]
    images, labels = sets['validation']
    record, moved, seen_by = KINDS[config['kind']](World(config, theta, head, sets['learning'], sets['validation'], others))
    validation = {'before': judged(head, features(theta, images), labels),
                  'after': judged(head, seen_by(images).detach(), labels)}
    more = dict(record.more)
    if 'factors' in more:
        more['factors'] = [{'factor': key, **sample(x)} for key, x in sorted(more['factors'].items())]
    return {'config': config, **record.steps, 'validation': validation, **more, 'moved': pieces(moved)}, record.first


def main():
    out.mkdir(exist_ok=True)
    theta, sets, heads = made()
    write_inputs(theta, sets, heads)
    (out / 'draws.json').write_text(json.dumps(draws.some()) + '\n')
    theta = {name: x.to(dtype) for name, x in theta.items()}
    sets = {name: (images.to(dtype), labels) for name, (images, labels) in sets.items()}
    heads = {name: x.to(dtype) for name, x in heads.items()}
    heads = {'head.eight': Head(heads['head.eight'], None, 10, True),
             'head.probe': Head(heads['head.probe'], heads['head.probe.bias'], 1, False)}
    if dtype == torch.float64:
        check(theta, *sets['validation'], heads['head.eight'])
    for name, case in CASES.items():
        golden, first = told(name, case, theta, sets, heads)
        lines = [f'{json.dumps(key)}: {json.dumps(value)}' if key != 'moved' else
                 '"moved": [\n' + ',\n'.join(map(json.dumps, value)) + '\n]' for key, value in golden.items()]
        (out / f'{name}.json').write_text('{\n' + ',\n'.join(lines) + '\n}\n')
        if first:
            save_file({f'A.{key}': x for key, x in first.items()}, out / 'adapters.safetensors')


if __name__ == '__main__':
    main()
