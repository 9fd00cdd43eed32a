// Gradients of what is learned, by name, added up over micro-batches until an update is made of them; on the device.
import type { Ops } from '../devices/ops.ts'
import { disposeAll, type Tensor } from '../devices/tensor.ts'

export interface Gradients {
  readonly sums: ReadonlyMap<string, Tensor>
  /** The gradient stays the caller's. */
  add(name: string, gradient: Tensor): void
  /** Of all of them together: the root of the sum of squares. */
  norm(): Promise<number>
  dispose(): void
}

export function gradients(ops: Ops): Gradients {
  const sums = new Map<string, Tensor>()
  return {
    sums,
    add(name, gradient) {
      const before = sums.get(name)
      sums.set(name, ops.keep(before ? ops.add(before, gradient) : ops.clone(gradient)))
      before?.dispose()
    },
    norm: () => normOf(ops, [...sums.values()]),
    dispose: () => disposeAll(sums.values()),
  }
}

async function normOf(ops: Ops, tensors: readonly Tensor[]): Promise<number> {
  const dots = tensors.map((tensor) => ops.dot(tensor, tensor))
  try {
    const squares = await ops.readDots(dots)
    return Math.sqrt(squares.flat().reduce((sum, square) => sum + square, 0))
  } finally {
    disposeAll(dots)
  }
}

/** What the gradient is multiplied by so that its norm is at most `most`; as PyTorch has it. */
export function clipping(norm: number, most: number | null): number {
  return most === null ? 1 : Math.min(1, most / (norm + 1e-6))
}
