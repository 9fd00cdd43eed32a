// TensorFlow functions recorded from operations: work that is asked for again and again at the same shapes becomes one
// call. The first time it runs on stand-ins, which have shapes and no numbers, and every operation is written down; the
// library then owns it as a function, and calls it like an operation. On a card, where each call costs the host 0.15
// ms, a layer is so one of them. What work is given and what it gives back are tensors in plain objects and arrays,
// any depth; numbers and names among them are part of what the work is. Tensors that tfjs has no type for are given as
// `Bare`.
import { disposeAll } from '../tensor.ts'
import { type Tensor, tf } from '../tf.ts'
import { Bare, type NativeBackend, type Own } from './tensorflow.ts'

/** Functions kept at a time; a run needs about ten. */
const most = 64

interface Recorded {
  name: string
  plan: unknown // what work gave, numbers in the tensors' places
  outputs: number
}

/** The number of a tensor in a plan. */
class Place {
  readonly at: number
  constructor(at: number) {
    this.at = at
  }
}

export interface Functions {
  /** work(inputs), by one call from the second time on; `key` says what work does, beside the shapes. */
  call<I, O>(key: string, inputs: I, work: (inputs: I) => O): O
  dispose(): void
}

export function functions(backend: NativeBackend, own: Own): Functions {
  const known = new Map<string, Recorded>() // the one used last is last
  const forget = (key: string, { name }: Recorded): void => {
    known.delete(key)
    own.forget(name)
  }
  return {
    call<I, O>(key: string, inputs: I, work: (inputs: I) => O): O {
      const tensors: Leaf[] = []
      const form = planOf(inputs, tensors)
      const whole = JSON.stringify([key, form, tensors.map(({ shape, dtype }) => [dtype, ...shape])])
      const ids = tensors.map((one) => idOf(backend, one))
      const recorded = known.get(whole) ?? record(backend, own, form, tensors, work)
      known.delete(whole)
      known.set(whole, recorded)
      const [oldest] = known
      if (oldest && known.size > most) forget(...oldest)
      const found = backend.binding.executeOp(recorded.name, [], ids, recorded.outputs)
      const outputs = found.map((bare) => backend.createOutputTensor(bare))
      return filled(recorded.plan, outputs) as O
    },
    dispose() {
      for (const [key, recorded] of [...known]) forget(key, recorded)
    },
  }
}

let names = 0

function record<I, O>(
  backend: NativeBackend,
  own: Own,
  form: unknown,
  tensors: readonly Leaf[],
  work: (inputs: I) => O,
): Recorded {
  const name = `basil_${++names}`
  const engine = tf.engine()
  own.record()
  engine.startScope()
  let outputs: number[] = []
  let inputs: number[] = []
  let plan: unknown
  try {
    try {
      const stands = tensors.map((one) => standIn(backend, own, one))
      inputs = stands.map((one) => idOf(backend, one))
      const given: Leaf[] = []
      plan = planOf(work(filled(form, stands) as I), given)
      outputs = given.map((one) => idOf(backend, one))
    } finally {
      const { track } = engine.state.activeScope
      disposeAll(track.filter((tensor) => !tensor.isDisposed)) // those that are kept too: they have no numbers
      engine.endScope([])
    }
    own.recordEnd(name, inputs, outputs)
    return { name, plan, outputs: outputs.length }
  } catch (error) {
    own.recordDrop()
    throw error
  }
}

type Leaf = Tensor | Bare

function standIn(backend: NativeBackend, own: Own, like: Leaf): Leaf {
  if (like instanceof Bare) return new Bare(own.recordInput(like.dtype, like.shape))
  return backend.createOutputTensor(own.recordInput(backend.binding.TF_FLOAT, like.shape))
}

function idOf(backend: NativeBackend, one: Leaf): number {
  return one instanceof Bare ? one.id : (backend.getInputTensorIds([one])[0] as number)
}

/** value with its tensors put into `tensors`, their numbers in their places. */
function planOf(value: unknown, tensors: Leaf[]): unknown {
  if (value instanceof tf.Tensor || value instanceof Bare) return new Place(tensors.push(value) - 1)
  if (Array.isArray(value)) return value.map((one) => planOf(one, tensors))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, planOf(one, tensors)]))
}

function filled(plan: unknown, tensors: readonly Leaf[]): unknown {
  if (plan instanceof Place) return tensors[plan.at]
  if (Array.isArray(plan)) return plan.map((one) => filled(one, tensors))
  if (typeof plan !== 'object' || plan === null) return plan
  return Object.fromEntries(Object.entries(plan).map(([name, one]) => [name, filled(one, tensors)]))
}
