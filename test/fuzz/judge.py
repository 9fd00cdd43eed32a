"""Judges safetensors files for safetensors.test.ts: what the reference reader makes of bytes given through a pipe.

Asked: length (uint32, little-endian), then the file's bytes. Told: the same of JSON, {"tensors": [[name, dtype, shape, SHA-256 of its bytes], ...]}
or {"error": the reader's words}. It ends when its input does.
"""
import hashlib
import json
import struct
import sys

import safetensors


def judged(data: bytes) -> dict:
    try:
        tensors = safetensors.deserialize(data)
    except BaseException as error:  # a panic of the reader is no Exception
        return {"error": f"{type(error).__name__}: {error}"}
    return {"tensors": [[name, t["dtype"], t["shape"], hashlib.sha256(bytes(t["data"])).hexdigest()] for name, t in tensors]}


def main() -> None:
    source, out = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(4):
        told = json.dumps(judged(source.read(struct.unpack("<I", head)[0]))).encode()
        out.write(struct.pack("<I", len(told)) + told)
        out.flush()


main()
