// PyTorch's element types and ours: by the class of a storage, as files of all versions name it, and by torch.dtype,
// with which newer types (float8, unsigned integers) lie in storages of bytes.
import { type Dtype, dtypes } from '../dtype.ts'
import type { Storage } from './values.ts'

export const storageTypes: Record<string, Dtype> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  ComplexDoubleStorage: 'C128',
  ComplexFloatStorage: 'C64',
  UntypedStorage: 'U8', // elements are bytes
}

const unusedTypes: Record<string, number> = Object.assign(Object.create(null), {
  QInt32Storage: 4,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QUInt4x2Storage: 1,
  QUInt2x4Storage: 1,
})

/**
 * By the name of a torch.dtype. float4_e2m1fn_x2, two numbers in a byte, has a shape of its own and is not among them.
 */
export const dtypeNames: Record<string, Dtype> = Object.assign(Object.create(null), {
  'torch complex128': 'C128',
  'torch complex64': 'C64',
  'torch float64': 'F64',
  'torch float32': 'F32',
  'torch float16': 'F16',
  'torch bfloat16': 'BF16',
  'torch float8_e4m3fn': 'F8_E4M3',
  'torch float8_e5m2': 'F8_E5M2',
  'torch float8_e4m3fnuz': 'F8_E4M3FNUZ',
  'torch float8_e5m2fnuz': 'F8_E5M2FNUZ',
  'torch float8_e8m0fnu': 'F8_E8M0',
  'torch int64': 'I64',
  'torch int32': 'I32',
  'torch int16': 'I16',
  'torch int8': 'I8',
  'torch uint64': 'U64',
  'torch uint32': 'U32',
  'torch uint16': 'U16',
  'torch uint8': 'U8',
  'torch bool': 'BOOL',
})

/** undefined: a type Basil has no use for. */
export function storageDtype({ type }: Storage): Dtype | undefined {
  return Object.hasOwn(storageTypes, type) ? storageTypes[type] : undefined
}

/** Bytes of one element; those without a use here still have to be passed over in a file. */
export function storageItem(storage: Storage): number | undefined {
  const dtype = storageDtype(storage)
  return dtype ? dtypes[dtype] : unusedTypes[storage.type]
}
