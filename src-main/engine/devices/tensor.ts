// A tensor on the device, as models see one: a shape and a life. Its numbers come to the host by `Ops.read` alone.
// Each engine makes tensors of its own and takes no other's.

export interface Tensor {
  readonly shape: readonly number[]
  readonly size: number
  dispose(): void
}

export interface Tensor1D extends Tensor {
  readonly shape: readonly [number]
}

export interface Tensor2D extends Tensor {
  readonly shape: readonly [number, number]
}

export interface Tensor3D extends Tensor {
  readonly shape: readonly [number, number, number]
}

/** A model's weights by name, in the shapes a tower holds them in. */
export type Weights = (name: string) => Tensor

export function disposeAll(tensors: Iterable<{ dispose(): void }>): void {
  for (const tensor of tensors) tensor.dispose()
}
