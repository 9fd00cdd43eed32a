"""Basil's counter-based draws once more (numbers/random.ts, numbers/streams.ts): Philox4x32-10 of Salmon et al., SC 2011.

A draw is a function of (seed, stream, draw, index). draws.json, which make.py writes, is held against random.ts to the bit.
"""
import numpy as np

# Numbers of streams (numbers/streams.ts).
LOOKED = 2**30 + 6
ADAPTERS = 2**30 + 8
GATES = 2**30 + 9


def batches(task):
    """The order of a task's images: 0 is what is learned, 1 + o the o-th of the others; a draw is a pass."""
    return task


def probe(other):
    """Directions in which features of the images of one of the others are followed back."""
    return 2**30 + 10 + other


def philox(counter, key):
    """Four words of 32 bits for four of a counter (arrays of one length) and two of a key."""
    word = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    a, b, c, d = (np.asarray(x, dtype=np.uint64) for x in counter)
    k, l = key
    for _ in range(10):
        p, q = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
        a, b, c, d = (q >> half) ^ b ^ np.uint64(k), q & word, (p >> half) ^ d ^ np.uint64(l), p & word
        k, l = (k + 0x9E3779B9) % 2**32, (l + 0xBB67AE85) % 2**32
    return a, b, c, d


def uniform(seed, stream, draw, count, first=0):
    """`count` numbers in [0, 1), of the indices from `first` on."""
    index = np.arange(first, first + count, dtype=np.uint64)
    still = np.zeros_like(index)
    a, b, _, _ = philox((index, still + np.uint64(draw), still, still), (seed, stream))
    return ((a >> np.uint64(5)) * np.uint64(2**26) + (b >> np.uint64(6))).astype(np.float64) / 2**53


def permutation(count, seed, stream, draw):
    order = list(range(count))
    drawn = uniform(seed, stream, draw, count)
    for i in range(count - 1, 0, -1):
        j = int(np.floor(drawn[i] * (i + 1)))
        order[i], order[j] = order[j], order[i]
    return order


def some():
    """A few of them, for a test."""
    return {
        'streams': {'batches 0': batches(0), 'batches 2': batches(2), 'looked': LOOKED, 'adapters': ADAPTERS, 'gates': GATES,
                    'probes 1': probe(1)},
        'uniform': [[s, t, d, i, uniform(s, t, d, 1, i)[0]] for s, t, d, i in
                    [(0, 0, 0, 0), (7, 1, 3, 12345), (2**32 - 1, GATES, 19, 2**32 - 1), (11, ADAPTERS, 9, 127)]],
        'permutation': [[n, s, t, d, permutation(n, s, t, d)] for n, s, t, d in
                        [(1, 0, 0, 0), (24, 7, 2, 5), (48, 7, 0, 6)]],
    }
