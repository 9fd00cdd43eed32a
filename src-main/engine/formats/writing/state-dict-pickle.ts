// The pickle (protocol 2) inside of PyTorch's archive: {name: tensor}, a tensor being
//   torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict()),  storage = ('storage', its
//   class, key, 'cpu', elements)
// which is what torch.save writes of a state_dict and what torch.load(weights_only=True) takes. Tensors are contiguous.

import { BasilError } from '../../../contract/errors.ts'
import { product } from '../../../numbers/vectors.ts'
import type { Dtype } from '../dtype.ts'
import { storageTypes } from '../pytorch/element-types.ts'
import { rowMajor } from '../strided.ts'
import type { TensorInfo } from '../tensor-file.ts'

/**
 * The class of a storage by its elements. UntypedStorage is the other name of bytes, with which a reader would not know
 * the type.
 */
const classes = new Map<Dtype, string>(
  Object.entries(storageTypes)
    .filter(([name]) => name !== 'UntypedStorage')
    .map(([name, dtype]) => [dtype, name]),
)

/**
 * Storages have the tensors' places, "0", "1", ..., as keys. Throws tensor-dtype for a type that PyTorch's state_dicts
 * do not hold.
 */
export function stateDictPickle(tensors: readonly TensorInfo[]): Uint8Array {
  const entries = tensors.flatMap((info, key) => [text(info.name), tensor(info, String(key))])
  return Buffer.concat([Buffer.of(0x80, 2), code('}('), ...entries, code('u.')])
}

function tensor({ name, dtype, shape }: TensorInfo, key: string): Buffer {
  const storageClass = classes.get(dtype)
  if (storageClass === undefined) throw unknownToTorch(name, dtype)
  const elements = product(shape)
  const storage = [
    code('('),
    text('storage'),
    global('torch', storageClass),
    text(key),
    text('cpu'),
    integer(elements),
    code('tQ'),
  ]
  const hooks = [global('collections', 'OrderedDict'), code(')R')]
  const view = [integer(0), integers(shape), integers(rowMajor(shape)), Buffer.of(0x89), ...hooks]
  return Buffer.concat([global('torch._utils', '_rebuild_tensor_v2'), code('('), ...storage, ...view, code('tR')])
}

const code = (letters: string): Buffer => Buffer.from(letters, 'latin1')
const global = (module: string, name: string): Buffer => code(`c${module}\n${name}\n`)
const integers = (values: readonly number[]): Buffer => Buffer.concat([code('('), ...values.map(integer), code('t')])

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const head = Buffer.alloc(5)
  head.write('X')
  head.writeUInt32LE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

/** In four bytes, or in eight where it needs them. */
function integer(value: number): Buffer {
  const isSmall = value < 2 ** 31
  const bytes = Buffer.alloc(isSmall ? 5 : 10)
  if (isSmall) {
    bytes.write('J')
    bytes.writeInt32LE(value, 1)
  } else {
    bytes.set([0x8a, 8])
    bytes.writeBigInt64LE(BigInt(value), 2)
  }
  return bytes
}

function unknownToTorch(name: string, dtype: Dtype): BasilError {
  return new BasilError({
    code: 'tensor-dtype',
    what: `A PyTorch state_dict cannot hold the tensor ${name.slice(0, 120)}`,
    where: name.slice(0, 120),
    why: `it is of the type ${dtype}, for which older versions of PyTorch have no storage`,
    next: 'write safetensors instead',
  })
}
