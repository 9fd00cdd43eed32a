// What the tasks' heads make of a micro-batch's features: losses, classes, dL/dfeatures. On the device where the engine
// has heads of its own and they know the loss, so that nothing is waited for: what they tell is read with the inner
// products of a step, or every few micro-batches. Else on the host (head.ts), in float64.
import type { DeviceHead, DeviceLoss, Dots, Ops, Scope } from '../devices/ops.ts'
import { disposeAll, type Tensor2D } from '../devices/tensor.ts'
import type { Objective } from '../learning/objective.ts'
import type { Target } from '../learning/problem.ts'
import { applyHead, type Head } from './head.ts'

/** Sums over the images of each task. */
export interface Sums {
  losses: number[] // a task's part of the whole, so minus its mean loss where it is to be forgotten
  correct: number[]
  taken: Int32Array[] // (classes): images taken for each class
}

/** Neighbours of one task in a micro-batch. */
export interface Part {
  task: number
  first: number // row of the features
  labels: Int32Array // one for each row
  weight: number // of each loss
  lessons: readonly Target[]
}

export interface Judge {
  readonly sums: Sums // of what was told
  /** features (n, embed) give dL/dfeatures, which is the scope's; on the host only where it is wanted. */
  take(features: Tensor2D, parts: readonly Part[], scope: Scope): Promise<Tensor2D | undefined>
  /** What is on the device still; and the numbers of it, once they are read. */
  untold(): Dots[]
  tell(numbers: readonly number[][]): void
  dispose(): void
}

/** heads: of the tasks. */
export function judgeOf(ops: Ops, heads: readonly Head[], objective: Objective, wantsGradient: boolean): Judge {
  const { onDevice } = objective
  if (ops.head && onDevice) return onItsDevice(ops, ops.head, heads, onDevice)
  return onTheHost(ops, heads, objective, wantsGradient)
}

function onTheHost(ops: Ops, heads: readonly Head[], objective: Objective, wantsGradient: boolean): Judge {
  const sums = noneOf(heads)
  return {
    sums,
    async take(features, parts, scope) {
      const values = await ops.read(features)
      const slopes = wantsGradient ? new Float32Array(values.length) : undefined
      for (const { task, first, labels, weight, lessons } of parts) {
        const found = applyHead(heads[task] as Head, objective, values, first, labels, weight, slopes, lessons)
        add(sums, task, found.loss, found.correct, found.predicted)
      }
      return slopes && scope.run(() => ops.upload<Tensor2D>(slopes, features.shape))
    },
    untold: () => [],
    tell: () => undefined,
    dispose: () => undefined,
  }
}

const most = 8 // micro-batches of which nothing is read yet

function onItsDevice(ops: Ops, load: NonNullable<Ops['head']>, heads: readonly Head[], loss: DeviceLoss): Judge {
  const sums = noneOf(heads)
  const loaded = new Map<number, DeviceHead>()
  const waiting: { part: Part; told: Dots }[] = []
  let unread = 0 // micro-batches
  const headOf = (task: number): DeviceHead => {
    const present = loaded.get(task) ?? load(heads[task] as Head)
    loaded.set(task, present)
    return present
  }
  const judged = (features: Tensor2D, part: Part): Tensor2D => {
    const { task, first, labels, weight } = part
    const { told, dFeatures } = headOf(task).judge(features, first, labels, loss, weight)
    waiting.push({ part, told })
    return dFeatures
  }
  const untold = (): Dots[] => waiting.map(({ told }) => told)
  const tell = (numbers: readonly number[][]): void => {
    unread = 0
    for (const [i, { part, told }] of waiting.splice(0, numbers.length).entries()) {
      told.dispose()
      addTold(sums, part, numbers[i] as number[], loss)
    }
  }
  return {
    sums,
    async take(features, parts, scope) {
      if (unread >= most) tell(await ops.readDots(untold()))
      unread++
      return scope.run(() => {
        const all = parts.map((part) => judged(features, part))
        return all.length === 1 ? all[0] : ops.stackRows(all)
      })
    },
    untold,
    tell,
    dispose() {
      disposeAll(loaded.values())
      disposeAll(untold())
    },
  }
}

/** numbers: the losses of a part's images, and the classes they are taken for. */
function addTold(sums: Sums, { task, labels, weight }: Part, numbers: readonly number[], loss: DeviceLoss): void {
  const found = { loss: 0, correct: 0, predicted: Int32Array.from(numbers.slice(labels.length)) }
  for (const [i, label] of labels.entries()) {
    const isKnown = label >= 0
    found.loss += weight * (isKnown || loss === 'softmax-entropy' ? (numbers[i] ?? Number.NaN) : Number.NaN)
    found.correct += isKnown ? Number(found.predicted[i] === label) : Number.NaN
  }
  add(sums, task, found.loss, found.correct, found.predicted)
}

export function noneOf(heads: readonly Head[]): Sums {
  return {
    losses: heads.map(() => 0),
    correct: heads.map(() => 0),
    taken: heads.map(({ classes }) => new Int32Array(classes)),
  }
}

/** What some images of a task came to. */
export function add({ losses, correct, taken }: Sums, task: number, loss: number, right: number, seen: Int32Array) {
  losses[task] = (losses[task] ?? 0) + loss
  correct[task] = (correct[task] ?? 0) + right
  const counts = taken[task]
  if (counts) for (const c of seen) counts[c] = (counts[c] ?? 0) + 1
}
