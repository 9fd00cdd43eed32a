"""The peers of merges of whole models, and the measure of both sides.

  merge_peer.py measure COMMAND...              runs it; one JSON line: wall and processor seconds, the largest process'
                                                peak bytes, of the command and all that it waited for
  merge_peer.py spectral METHOD OUT BASE MODEL...  tsv-m, iso-c or wudi-closed by torch.linalg, of safetensors in float32
"""
import json
import resource
import struct
import subprocess
import sys
import time


def measure(command):
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.perf_counter() - began
    if done.returncode:
        sys.exit(done.stderr[-2000:] or f"it ended with {done.returncode}")
    print(json.dumps({"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak": 1024 * used.ru_maxrss}))


class Tensors:
    def __init__(self, path):
        self.file = open(path, "rb")
        (length,) = struct.unpack("<Q", self.file.read(8))
        self.infos = json.loads(self.file.read(length))
        self.infos.pop("__metadata__", None)
        self.start = 8 + length

    def read(self, name):
        import torch

        begin, end = self.infos[name]["data_offsets"]
        self.file.seek(self.start + begin)
        held = bytearray(end - begin)
        self.file.readinto(held)
        return torch.frombuffer(held, dtype=torch.float32).reshape(self.infos[name]["shape"])


def polar(x):
    import torch

    u, _, v = torch.linalg.svd(x, full_matrices=False)
    return u @ v


def tsv_m(taus):
    import torch

    rank = min(taus[0].shape) // len(taus)
    if rank == 0:
        return torch.zeros_like(taus[0])
    parts = [torch.linalg.svd(tau, full_matrices=False) for tau in taus]
    left = torch.cat([u[:, :rank] for u, _, _ in parts], 1)
    right = torch.cat([v[:rank] for _, _, v in parts], 0)
    return polar(left) * torch.cat([s[:rank] for _, s, _ in parts]) @ polar(right)


def iso_c(taus):
    import torch

    u, s, v = torch.linalg.svd(sum(taus), full_matrices=False)
    return s.mean() * (u @ v)


def wudi_closed(taus):
    import torch

    n = taus[0].shape[1]
    a, b = 1e-8 * torch.eye(n), torch.zeros_like(taus[0])
    for tau in taus:
        own = tau.T @ tau / tau.norm() ** 2
        a += own
        b += tau @ own
    return torch.linalg.solve(a, b.T).T


def spectral(method, out, base, models):
    import torch

    merge = {"tsv-m": tsv_m, "iso-c": iso_c, "wudi-closed": wudi_closed}[method]
    pretrained, tuned = Tensors(base), [Tensors(path) for path in models]
    merged = {}
    for name in pretrained.infos:
        still = pretrained.read(name)
        taus = [model.read(name) - still for model in tuned]
        merged[name] = still + (merge(taus) if still.dim() == 2 else sum(taus) / len(taus))
    torch.save(merged, out)


if sys.argv[1] == "measure":
    measure(sys.argv[2:])
else:
    spectral(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:])
