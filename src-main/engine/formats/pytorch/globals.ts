// The names a pickle may call and what each gives: the allow-list. Every other name gives an inert stub. A storage is no call:
// it is named by a persistent id, ('storage', its class, key, device, elements), and lies outside of the pickle.
import { type Dtype, dtypes } from '../dtype.ts'
import { Global, PickleError, PySet, Storage, Stub, Tensor, Tuple, type Value } from './values.ts'

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
  UntypedStorage: 'U8', // elements are bytes
}

const unusedTypes: Record<string, number> = Object.assign(Object.create(null), {
  ComplexDoubleStorage: 16,
  ComplexFloatStorage: 8,
  QInt32Storage: 4,
  QInt8Storage: 1,
  QUInt8Storage: 1,
})

const dtypeNames: Record<string, Dtype> = {
  'torch float64': 'F64',
  'torch float32': 'F32',
  'torch float16': 'F16',
  'torch bfloat16': 'BF16',
  'torch int64': 'I64',
  'torch int32': 'I32',
  'torch int16': 'I16',
  'torch int8': 'I8',
  'torch uint64': 'U64',
  'torch uint32': 'U32',
  'torch uint16': 'U16',
  'torch uint8': 'U8',
  'torch bool': 'BOOL',
}

const fromType = 'torch._tensor _rebuild_from_type_v2' // a tensor of a class of its own, or with attributes

const mostDimensions = 64

type Call = (args: readonly Value[]) => Value

const calls = new Map<string, Call>([
  ['collections OrderedDict', dictionary],
  ['collections defaultdict', () => new Map()], // its argument is the factory
  ['torch._utils _rebuild_tensor', ([storage, offset, shape, strides]) => tensor(storage, undefined, offset, shape, strides)],
  ['torch._utils _rebuild_tensor_v2', ([storage, offset, shape, strides]) => tensor(storage, undefined, offset, shape, strides)],
  [
    'torch._utils _rebuild_tensor_v3',
    ([storage, offset, shape, strides, , , dtype]) => tensor(storage, dtype instanceof Global ? dtype : null, offset, shape, strides),
  ],
  ['torch._utils _rebuild_parameter', ([data]) => data ?? null],
  ['torch._utils _rebuild_parameter_with_state', ([data]) => data ?? null],
  [fromType, ([rebuild, , args]) => withoutType(rebuild ?? null, args ?? null)],
  ['torch Size', ([sizes]) => new Tuple(itemsOf(sizes ?? null))],
  ['torch.jit._pickle restore_type_tag', ([value]) => value ?? null],
  ...['__builtin__ set', 'builtins set', '__builtin__ frozenset', 'builtins frozenset'].map((name): [string, Call] => [name, set]),
])

/** What calling `callable` gives: by the allow-list, else a stub that remembers the name. */
export function call(callable: Value, args: Value): Value {
  const known = callable instanceof Global ? calls.get(callable.name) : undefined
  if (known && args instanceof Tuple) return known(args.items)
  return new Stub(callable, args)
}

/** What a persistent id stands for. Throws where it is no storage and no class. */
export function persistent(id: Value): Value {
  const [kind, type, key, , elements, view] = id instanceof Tuple ? id.items : []
  if (kind === 'module' && type instanceof Global) return type // a class and, in old files, its source text
  if (kind !== 'storage' || !(type instanceof Global) || typeof key !== 'string')
    throw new PickleError('an object outside of the pickle is no storage')
  if (view !== undefined && view !== null) throw new PickleError('a storage is a view of another, as PyTorch wrote them before 0.4')
  return new Storage(key, type.name.split(' ')[1] as string, count(elements ?? null, 'a storage has'))
}

/** undefined: a type Basil has no use for. */
export function storageDtype({ type }: Storage): Dtype | undefined {
  return Object.hasOwn(storageTypes, type) ? storageTypes[type] : undefined
}

/** Bytes of one element; those without a use here still have to be passed over in a file. */
export function storageItem(storage: Storage): number | undefined {
  const dtype = storageDtype(storage)
  return dtype ? dtypes[dtype] : unusedTypes[storage.type]
}

function withoutType(rebuild: Value, args: Value): Value {
  if (rebuild instanceof Global && rebuild.name.startsWith('torch._utils _rebuild_')) return call(rebuild, args)
  throw new PickleError('a tensor of a class of its own is made of something else than a tensor')
}

function dictionary([pairs]: readonly Value[]): Map<Value, Value> {
  const map = new Map<Value, Value>()
  for (const pair of pairs === undefined ? [] : itemsOf(pairs)) {
    const [key, value] = itemsOf(pair)
    if (key === undefined || value === undefined) throw new PickleError('a dictionary is made of something else than pairs')
    map.set(key, value)
  }
  return map
}

function set([items]: readonly Value[]): PySet {
  const made = new PySet()
  for (const item of items === undefined ? [] : itemsOf(items)) made.items.push(item)
  return made
}

/** dtype: undefined takes the storage's. */
function tensor(storage: Value = null, dtype?: Global | null, offset: Value = null, shape: Value = null, strides: Value = null): Tensor {
  if (!(storage instanceof Storage)) throw new PickleError('a tensor has no storage')
  if (itemsOf(shape).length > mostDimensions) throw new PickleError(`a tensor has more than ${mostDimensions} dimensions`)
  if (itemsOf(shape).length !== itemsOf(strides).length) throw new PickleError('a tensor has not as many strides as sizes')
  const sizes = itemsOf(shape).map((size) => count(size, 'a tensor has the size'))
  const steps = itemsOf(strides).map((stride) => count(stride, 'a tensor has the stride'))
  const type = dtype === undefined ? storageDtype(storage) : dtype ? dtypeNames[dtype.name] : undefined
  return new Tensor(storage, type, count(offset, 'a tensor has the offset'), sizes, steps)
}

function itemsOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value
  if (value instanceof Tuple) return value.items
  throw new PickleError('a list was expected')
}

function count(value: Value, said: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new PickleError(`${said} ${typeof value === 'number' || typeof value === 'bigint' ? String(value).slice(0, 40) : 'no number'}`)
}
