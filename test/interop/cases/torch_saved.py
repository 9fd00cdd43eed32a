"""Checkpoints of every kind that torch.save writes, by the PyTorch that runs this. usage: torch_saved.py OUT_FOLDER
expected.json beside them: "read": {file: {tensor: [type, shape, SHA-256]}}, as torch.load gives them under the names of state_dict();
"refused": {file: what the refusal names}."""
import argparse
import collections
import json
import pathlib
import sys

import numpy as np
import torch
from digests import digest
from torch import nn

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
torch.manual_seed(0)
draw = torch.randn
read, refused = {}, {}


def save(name, value, state=lambda loaded: loaded, **how):
    torch.save(value, out / name, **how)
    modern = {} if torch.__version__.startswith("1.") else {"weights_only": False}
    read[name] = digest(state(torch.load(out / name, **modern)))


def refuse(name, value, why):
    torch.save(value, out / name)
    refused[name] = why


class Named(torch.Tensor):
    pass


def views():
    big = draw(1000, 8)
    save("views.pt", {"l.weight": big[3:7], "l.bias": big[5, ::2], "t.weight": big[:8].T, "x.weight": big.view(-1)[11:27].view(4, 4)})
    photo, film = draw(4, 3, 7, 7), draw(2, 3, 4, 5, 6)
    save("channels-last.pt", {"c.weight": photo.to(memory_format=torch.channels_last), "d.weight": film.to(memory_format=torch.channels_last_3d)})
    save("expanded.pt", {"e.row": torch.arange(77).expand((1, -1)), "e.all": torch.zeros(1).expand(3000, 3000), "e.plain": draw(3, 3)})
    save("empty-scalar.pt", {"e.a": draw(0, 4), "s.b": torch.tensor(3.5), "s.c": torch.tensor(7), "s.d": torch.tensor(True), "e.e": torch.zeros(4, 0, 2)})


def signs():
    """torch turns signs when they are looked at: .imag of a conjugate is a view that is marked as negative. 1.13 cannot save those."""
    pair = torch.view_as_complex(draw(4, 4, 2))
    save("complex.pt", {"n.real": draw(2, 2), "n.both": pair, "n.wide": pair.to(torch.complex128)})
    if modern:
        save("negative.pt", {"n.weight": pair.conj().imag, "r.weight": pair.real, "w.conj": pair.clone().conj(), "t.weight": pair.conj().imag.T, "s.half": torch._neg_view(draw(3, 3).half()), "i.count": torch._neg_view(torch.arange(-3, 3))})


def types():
    plain = {f"a.{name}": torch.arange(6).reshape(2, 3).to(getattr(torch, name)) for name in "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool".split()}
    save("types.pt", plain)
    if not modern:
        return
    save("unsigned.pt", {"h.b": torch.tensor([[1, 2, 65535], [4, 5, 6]], dtype=torch.uint16), "h.c": torch.tensor([0, 1, 2**32 - 1], dtype=torch.uint32), "h.d": torch.tensor([0, 1, 5], dtype=torch.uint64)})
    small = "float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu".split()
    save("float8.pt", {"w.plain": draw(2, 2), **{f"e.{name}": draw(4, 4).abs().to(getattr(torch, name)) for name in small}, "e.turned": draw(4, 6).to(torch.float8_e4m3fn).T})


def modules():
    embedding = nn.Embedding(10, 4)
    model = nn.Sequential(collections.OrderedDict(emb=embedding, mid=nn.Linear(4, 4), head=nn.Linear(4, 10, bias=False)))
    model.head.weight = embedding.weight
    state = model.state_dict()
    save("tied.pt", state)
    save("tied-module.pt", model, lambda loaded: loaded.state_dict())
    save("legacy.pt", state, _use_new_zipfile_serialization=False)
    for protocol in (2, 3, 4, 5):
        save(f"protocol-{protocol}.pt", state, pickle_protocol=protocol)
    save("parallel.pt", nn.DataParallel(model).state_dict(), lambda loaded: {name[7:]: t for name, t in loaded.items()})
    save("pairs.pt", [("a.weight", draw(2, 2)), ("b.weight", draw(2))], lambda loaded: {f"{i}.1": t for i, (_, t) in enumerate(loaded)})
    noted = nn.Parameter(draw(2, 2))
    noted.note = "with attributes, which later versions keep"
    save("parameters.pt", {"w.b": nn.Parameter(draw(2, 2)), "w.c": noted})
    trained = {
        "epoch": 3,
        "model": state,
        "optimizer": torch.optim.AdamW(model.parameters()).state_dict(),
        "args": argparse.Namespace(lr=np.float64(1e-3), root=pathlib.Path("/x")),
        "best": np.float32(0.5),
        "history": np.arange(3.0),
        "ema": {name: t + 1 for name, t in state.items()},
    }
    save("trainer.pt", trained, lambda loaded: loaded["model"])
    if modern:
        save("weight-norm.pt", nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)).state_dict())
        save("compiled.pt", torch.compile(nn.Linear(4, 4)).state_dict(), lambda loaded: {name[10:]: t for name, t in loaded.items()})
        save("classes.pt", {"w.a": draw(2, 2).as_subclass(Named), "w.b": nn.Buffer(draw(2)), "w.c": nn.Parameter(draw(2, 2).as_subclass(Named))})


def archives():
    save("many.pt", {f"blocks.{i}.weight": torch.full((1,), float(i)) for i in range(70_000)})  # more than 65,535 entries of a zip
    if not modern:
        return
    config = torch.utils.serialization.config.save
    config.storage_alignment, before = 4096, config.storage_alignment
    save("aligned.pt", nn.Linear(4, 4).state_dict())
    config.storage_alignment = before
    torch.serialization.set_crc32_options(False)
    save("uncounted.pt", {"a.w": draw(3, 3), "a.zero": torch.zeros(3)})
    torch.serialization.set_crc32_options(True)
    with torch.serialization.skip_data():
        refuse("skip-data.pt", nn.Linear(4, 4).state_dict(), "skip_data")


def others():
    """What is no view of plain numbers."""
    refuse("sparse.pt", {"w.a": draw(3, 3).to_sparse(), "w.b": draw(2, 2)}, "a sparse tensor")
    refuse("sparse-csr.pt", {"w.a": draw(3, 3).to_sparse_csr(), "w.b": draw(2, 2)}, "a sparse tensor")
    refuse("quantised.pt", {"w.a": torch.quantize_per_tensor(draw(2, 2), 0.1, 0, torch.qint8)}, "quantised (QInt8Storage)")
    refuse("meta.pt", {"w.a": torch.empty(2, 2, device="meta")}, 'a tensor on the device "meta"')
    refuse("lazy.pt", nn.LazyLinear(3).state_dict(), "never given a shape")
    if modern:
        parts = [draw(2, 2), draw(3, 2)]
        refuse("nested.pt", {"w.a": torch.nested.nested_tensor(parts)}, "a nested tensor")
        refuse("jagged.pt", {"w.a": torch.nested.nested_tensor(parts, layout=torch.jagged)}, "NestedTensor, made by torch.nested")
        refuse("half-complex.pt", {"w.a": draw(2).to(torch.complex32)}, "torch.complex32")
        refuse("bits.pt", {"w.a": torch.arange(4, dtype=torch.uint8).view(torch.bits8)}, "torch.bits8")


def distributed():
    """FSDP2's parameters on a mesh of one process, where each part is the whole, and on one of two, where none is."""
    import torch.distributed as dist
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard
    from torch.testing._internal.distributed.fake_pg import FakeStore

    def sharded(backend, store, processes):
        dist.init_process_group(backend, store=store, rank=0, world_size=processes)
        model = nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6))
        whole = digest(model.state_dict())
        fully_shard(model, mesh=init_device_mesh("cpu", (processes,)))
        state = model.state_dict()
        dist.destroy_process_group()
        return state, whole

    state, read["fsdp.pt"] = sharded("gloo", dist.HashStore(), 1)
    torch.save(state, out / "fsdp.pt")
    state, _ = sharded("fake", FakeStore(), 2)
    refuse("fsdp-of-two.pt", state, "a DTensor of shape [6,4], of which this file holds a part of shape [3,4]")


modern = not torch.__version__.startswith("1.")
for part in (views, signs, types, modules, archives, others) + ((distributed,) if modern else ()):
    part()
(out / "expected.json").write_text(json.dumps({"read": read, "refused": refused}))
