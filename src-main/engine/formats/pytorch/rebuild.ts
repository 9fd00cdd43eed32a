// What PyTorch calls to make a tensor again, of 1.13 to 2.15 (torch/_utils.py, torch/_tensor.py): a view of a storage,
// or a tensor that Basil cannot read and says so. An argument that changes values is applied; one that is not
// understood makes the tensor unreadable. What only training needs (requires_grad, hooks, a subclass's attributes) is
// passed over.
import type { Dtype } from '../dtype.ts'
import { type Change, conjugated, negated } from '../element-bits.ts'
import { rowMajor } from '../strided.ts'
import { mostDimensions } from '../tensor-file.ts'
import { dtypeNames, storageDtype } from './element-types.ts'
import { Global, PickleError, PickleLimit, Storage, Stub, Tensor, Tuple, Unreadable, type Value } from './values.ts'

export type Call = (args: readonly Value[]) => Value

const dense = 'make it a plain tensor before saving'

/** Functions of torch._utils, which those of torch._tensor may be given too. */
const plain: Record<string, Call> = Object.assign(Object.create(null), {
  'torch._utils _rebuild_tensor': ([storage, offset, shape, strides, ...more]) =>
    view({ storage, offset, shape, strides, more }),
  'torch._utils _rebuild_tensor_v2': ([storage, offset, shape, strides, , , marks, ...more]) =>
    view({ storage, offset, shape, strides, marks, more }),
  'torch._utils _rebuild_tensor_v3': ([storage, offset, shape, strides, , , dtype = null, marks, ...more]) =>
    view({ storage, offset, shape, strides, dtype, marks, more }),
  'torch._utils _rebuild_parameter': ([data]) => data ?? null,
  'torch._utils _rebuild_parameter_with_state': ([data]) => data ?? null,
  'torch._utils _rebuild_device_tensor_from_cpu_tensor': ([data, dtype]) => inOwnType(data, dtype),
  'torch._utils _rebuild_device_tensor_from_numpy': () =>
    new Unreadable('kept as a NumPy array, as XLA tensors were', 'move it to the CPU before saving'),
  'torch._utils _rebuild_xla_tensor': () =>
    new Unreadable('kept as a NumPy array, as XLA tensors were', 'move it to the CPU before saving'),
  'torch._utils _rebuild_meta_tensor_no_storage': () =>
    new Unreadable('a tensor on the device "meta", of which there are no values', 'load its weights before saving it'),
  'torch._utils _rebuild_sparse_tensor': () => new Unreadable('a sparse tensor', `${dense} (to_dense)`),
  'torch._utils _rebuild_sparse_csr_tensor': () => new Unreadable('a sparse tensor', `${dense} (to_dense)`),
  'torch._utils _rebuild_nested_tensor': () => new Unreadable('a nested tensor', `${dense} (to_padded_tensor)`),
  'torch._utils _rebuild_qtensor': ([storage]) =>
    new Unreadable(`quantised${storage instanceof Storage ? ` (${storage.type})` : ''}`, `${dense} (dequantize)`),
  'torch._utils _rebuild_wrapper_subclass': ([type]) => ofWrapper(type, undefined, null),
} satisfies Record<string, Call>)

export const rebuilds: ReadonlyMap<string, Call> = new Map<string, Call>([
  ...Object.entries(plain),
  ['torch._tensor _rebuild_from_type', ([rebuild, type, args, state]) => ofType(rebuild, type, args, state)],
  ['torch._tensor _rebuild_from_type_v2', ([rebuild, type, args, state]) => ofType(rebuild, type, args, state)],
  ['torch.nn.parameter UninitializedParameter', uninitialised],
  ['torch.nn.parameter UninitializedBuffer', uninitialised],
])

/** Of a function that is in no list here, by its name alone. */
export const isRebuild = (name: string): boolean => /^torch\.(_utils|_tensor) _rebuild_/.test(name)

interface Given {
  storage?: Value
  offset?: Value
  shape?: Value
  strides?: Value
  dtype?: Value // without one it is the storage's
  marks?: Value // {"neg": True}, {"conj": True}: signs to be turned when the values are looked at
  more: readonly Value[]
}

function view({ storage, offset = null, shape = null, strides = null, dtype, marks = null, more }: Given): Value {
  if (!(storage instanceof Storage)) throw new PickleError('a tensor has no storage')
  const [sizes, steps] = [itemsOf(shape), itemsOf(strides)]
  if (sizes.length > mostDimensions) throw new PickleLimit(`a tensor has more than ${mostDimensions} dimensions`)
  if (sizes.length !== steps.length) throw new PickleError('a tensor has not as many strides as sizes')
  const from = count(offset, 'a tensor has the offset')
  const dims = sizes.map((size) => count(size, 'a tensor has the size'))
  const apart = steps.map((stride) => count(stride, 'a tensor has the stride'))
  if (more.length > 0) return new Unreadable('made with more arguments than Basil knows', dense)
  if (dtype instanceof Global && dtype.name === 'torch float4_e2m1fn_x2') return pairs(storage, from, dims, apart)
  const type =
    dtype === undefined ? storageDtype(storage) : dtype instanceof Global ? dtypeNames[dtype.name] : undefined
  if (!type)
    return new Unreadable(
      `stored as ${dtype instanceof Global ? dtype.name.replace(' ', '.') : storage.type}`,
      'store it as float32',
    )
  const changes = changesOf(marks, type)
  return changes instanceof Unreadable ? changes : new Tensor(storage, type, from, dims, apart, changes)
}

/** Two numbers of 4 bits in a byte: torch counts the bytes, all others the numbers. */
function pairs(storage: Storage, offset: number, shape: number[], strides: number[]): Value {
  const lies = rowMajor(shape)
  if (shape.length === 0 || !shape.every((size, d) => size === 1 || strides[d] === lies[d]))
    return new Unreadable('a view of float4_e2m1fn_x2 that is out of order', `${dense} (contiguous)`)
  const numbers = [...shape.slice(0, -1), 2 * (shape.at(-1) as number)]
  return new Tensor(storage, 'F4', 2 * offset, numbers, rowMajor(numbers), [])
}

const known: ReadonlyMap<Value, (dtype: Dtype) => Change | undefined> = new Map([
  ['neg', negated],
  ['conj', conjugated],
])

function changesOf(marks: Value, type: Dtype): Change[] | Unreadable {
  if (marks === null) return []
  if (!(marks instanceof Map)) return new Unreadable('marked in a way that Basil does not know', dense)
  const changes: Change[] = []
  for (const [mark, isSet] of marks) {
    if (isSet === false) continue
    const change = isSet === true ? known.get(mark)?.(type) : undefined
    if (!change)
      return new Unreadable(
        `marked ${JSON.stringify(String(mark).slice(0, 80))} as ${type}, which Basil cannot apply`,
        `${dense} (resolve_neg, resolve_conj)`,
      )
    changes.push(change)
  }
  return changes
}

/** A tensor of another device, kept as one of the CPU. */
function inOwnType(data: Value = null, dtype: Value = null): Value {
  const type = dtype instanceof Global ? dtypeNames[dtype.name] : undefined
  if (data instanceof Tensor && data.dtype !== type)
    return new Unreadable(`kept as ${data.dtype}, to be turned into another type`, dense)
  return data
}

/** A tensor of a class of its own: what it is made of, where that is a plain tensor. */
function ofType(rebuild: Value = null, type: Value = null, args: Value = null, state: Value = null): Value {
  const name = rebuild instanceof Global ? rebuild.name : ''
  const given = args instanceof Tuple ? args.items : []
  if (name === 'torch._utils _rebuild_wrapper_subclass') return ofWrapper(type, given, state)
  return (
    plain[name]?.(given) ??
    new Unreadable(
      `a ${nameOf(type)}, made by ${name.replace(' ', '.').slice(0, 80) || 'something else than a tensor'}`,
      dense,
    )
  )
}

/**
 * A class without a storage of its own. DTensor, what FSDP2 and tensor parallelism make of parameters, keeps this
 * process' part of a tensor: where that is all of it, on a mesh of one or in copies, it is read.
 */
function ofWrapper(type: Value = null, args: readonly Value[] = [], state: Value): Value {
  if (!(type instanceof Global) || !/^torch\.distributed\.[\w.]+ DTensor$/.test(type.name))
    return new Unreadable(`a ${nameOf(type)}, which has no values of its own`, dense)
  const attributes = isList(state) ? itemsOf(state) : [state] // __dict__, and __slots__ where there are some
  const find = (name: string): Value =>
    attributes.map((part) => (part instanceof Map ? part.get(name) : undefined)).find(Boolean) ?? null
  const [local, spec] = [find('_local_tensor'), find('_spec')]
  const placements = spec instanceof Stub ? (spec.entries.get('placements') ?? null) : null
  const shape = args[2] ?? null
  const isPlaced =
    isList(placements) && itemsOf(placements).every((placement) => /(Shard|Replicate)$/.test(classOf(placement)))
  const sizes = isList(shape) ? itemsOf(shape).join() : ''
  if (local instanceof Tensor && isPlaced && local.shape.join() === sizes) return local
  const found = local instanceof Tensor ? `, of which this file holds a part of shape [${local.shape}]` : ''
  return new Unreadable(
    `a DTensor of shape [${sizes.slice(0, 80)}]${found}`,
    'gather it before saving: full_tensor(), or get_model_state_dict with full_state_dict=True',
  )
}

function uninitialised(): Value {
  return new Unreadable('a parameter that was never given a shape', 'run the model once before saving it')
}

const nameOf = (type: Value): string =>
  type instanceof Global ? type.name.replace(' ', '.').slice(0, 120) : 'tensor of a class of its own'
const classOf = (value: Value): string => (value instanceof Stub && value.of instanceof Global ? value.of.name : '')
const isList = (value: Value): boolean => Array.isArray(value) || value instanceof Tuple

export function itemsOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value
  if (value instanceof Tuple) return value.items
  throw new PickleError('a list was expected')
}

export function count(value: Value, said: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new PickleError(
    `${said} ${typeof value === 'number' || typeof value === 'bigint' ? String(value).slice(0, 40) : 'no number'}`,
  )
}
