// What a pickle may become here: plain values, tensors over storages, and stubs. A class or a function of the file is
// only ever a name (Global), and what would have been made by calling it only a record of the call (Stub): nothing is
// looked up, imported or run. Lists are arrays, dictionaries Maps; a Python class unknown to us is a Stub with its
// state.
import type { Dtype } from '../dtype.ts'
import type { Change } from '../element-bits.ts'

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Value[]
  | Tuple
  | PySet
  | Map<Value, Value>
  | Global
  | Stub
  | Storage
  | Tensor
  | Unreadable

export class Tuple {
  readonly items: readonly Value[]
  constructor(items: readonly Value[]) {
    this.items = items
  }
}

export class PySet {
  readonly items: Value[] = []
}

/** A module's class or function, by name. */
export class Global {
  readonly name: string // "torch._utils _rebuild_tensor_v2"
  constructor(module: string, name: string) {
    this.name = `${module} ${name}`
  }
}

/** What calling `of` would have made, never made: what it was given, what was put into it. */
export class Stub {
  readonly of: Value
  readonly args: Value
  readonly entries = new Map<Value, Value>() // its attributes, or its items where it is a kind of dictionary
  state: Value = null // as it was set last
  constructor(of: Value, args: Value = null) {
    this.of = of
    this.args = args
  }
}

/** A run of elements of one type, held outside of the pickle under a key. */
export class Storage {
  readonly key: string
  readonly type: string // "FloatStorage"
  readonly elements: number // of `type`; bytes where that is UntypedStorage
  constructor(key: string, type: string, elements: number) {
    this.key = key
    this.type = type
    this.elements = elements
  }
}

/** A strided view of a storage; everything is counted in elements. */
export class Tensor {
  readonly storage: Storage
  readonly offset: number
  readonly shape: number[]
  readonly strides: number[]
  readonly dtype: Dtype
  readonly changes: Change[] // of the bytes as they are stored, in order
  constructor(storage: Storage, dtype: Dtype, offset: number, shape: number[], strides: number[], changes: Change[]) {
    this.storage = storage
    this.dtype = dtype
    this.offset = offset
    this.shape = shape
    this.strides = strides
    this.changes = changes
  }
}

/** A tensor that Basil has no way to read: refused where it is one of the model's. */
export class Unreadable {
  readonly is: string // "a sparse tensor"
  readonly next: string // what the person can do
  constructor(is: string, next: string) {
    this.is = is
    this.next = next
  }
}

/** The rules of pickle, or ours for what it may hold, are broken. */
export class PickleError extends Error {}

/** More than Basil reads, though it may be sound. */
export class PickleLimit extends PickleError {}
