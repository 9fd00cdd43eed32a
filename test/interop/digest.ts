// Files as Basil reads them, in the form that test/interop/cases/digests.py gives what PyTorch reads.
import { createHash } from 'node:crypto'

import type { Dtype } from '../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { openSource } from '../../src-main/files/source.ts'

export const torchNames = {
  C128: 'torch.complex128',
  C64: 'torch.complex64',
  F64: 'torch.float64',
  F32: 'torch.float32',
  F16: 'torch.float16',
  BF16: 'torch.bfloat16',
  F8_E4M3: 'torch.float8_e4m3fn',
  F8_E5M2: 'torch.float8_e5m2',
  F8_E4M3FNUZ: 'torch.float8_e4m3fnuz',
  F8_E5M2FNUZ: 'torch.float8_e5m2fnuz',
  F8_E8M0: 'torch.float8_e8m0fnu',
  I64: 'torch.int64',
  I32: 'torch.int32',
  I16: 'torch.int16',
  I8: 'torch.int8',
  U64: 'torch.uint64',
  U32: 'torch.uint32',
  U16: 'torch.uint16',
  U8: 'torch.uint8',
  BOOL: 'torch.bool',
} as const satisfies Partial<Record<Dtype, string>>

export type Digest = Record<string, [dtype: string, shape: number[], sha256: string]>

export async function digestOf(path: string): Promise<Digest> {
  const source = await openSource(path)
  try {
    const file = await openTensorFile(source)
    const found: Digest = {}
    for (const { name, dtype, shape } of file.tensors.values()) {
      const sha256 = createHash('sha256').update(await file.read(name))
      found[name] = [torchNames[dtype as keyof typeof torchNames], shape, sha256.digest('hex')]
    }
    return found
  } finally {
    await source.close()
  }
}
