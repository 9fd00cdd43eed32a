// Weights on their way from files to the device: whole models for evaluation, base and vectors for learning.

import { largestOf } from '../../contract/largest.ts'
import type { Table } from '../../numbers/table.ts'
import { product } from '../../numbers/vectors.ts'
import type { Backend } from '../devices/backend.ts'
import type { Ops, Precision } from '../devices/ops.ts'
import { disposeAll, type Tensor, type Weights } from '../devices/tensor.ts'
import { towerParameters } from '../layouts/clip-names.ts'
import type { TowerCheckpoint } from './checkpoint.ts'
import { heldShape, toHeld } from './held.ts'
import { type Groups, mergedParameters } from './merge.ts'
import { type Parents, parameterCount } from './parents.ts'
import { type Checkpoint, readParameter } from './slices.ts'
import { type Parameter, type Place, type VectorStore, vectorStore } from './vector-store.ts'

export interface LoadedWeights {
  weights: Weights
  dispose(): void
}

type Named = AsyncGenerator<{ name: string; values: Float32Array }>

/** A checkpoint as it is; or, given another to take it from, their difference; whole, or the parameters given. */
export async function loadCheckpoint(
  ops: Ops,
  checkpoint: TowerCheckpoint,
  from?: Checkpoint,
  parameters = towerParameters(checkpoint.architecture),
): Promise<LoadedWeights> {
  const largest = largestSize(parameters)
  const [values, other] = [new Float32Array(largest), new Float32Array(from ? largest : 0)]
  return load(ops, parameters, async function* (): Named {
    for (const name of parameters.keys()) {
      const own = await readParameter(checkpoint, name, values)
      if (from) subtract(own, await readParameter(from, name, other))
      yield { name, values: own }
    }
  })
}

/** The merged model of a coefficient table: the very values an export writes; or their difference from theta_pre. */
export async function loadMerged(
  ops: Ops,
  parents: Parents,
  groups: Groups,
  coefficients: Table,
  difference = false,
): Promise<LoadedWeights> {
  return load(ops, parents.parameters, async function* (): Named {
    for await (const { name, values, base } of mergedParameters(parents, groups, coefficients)) {
      if (difference) subtract(values, base)
      yield { name, values }
    }
  })
}

/**
 * theta_pre and the task vectors; or, given the start's coefficients, theta_pre and the one difference vector they
 * make.
 */
export async function openStore(
  backend: Backend,
  parents: Parents,
  precision: Precision,
  start?: { groups: Groups; coefficients: Table },
): Promise<VectorStore> {
  const names = start ? ['difference vector'] : parents.vectors.map((v) => v.file.source.name)
  const parameters = parameterCount(parents)
  const place = placeOf(backend, 4 * parameters, parameters * names.length * (precision === 'float16' ? 2 : 4))
  if (start) {
    const moved = differences(parents, start.groups, start.coefficients)
    return vectorStore(backend.ops, names, moved, { precision, place: place === 'device' ? place : 'host' })
  }
  const read = taskVectors(parents)
  return vectorStore(backend.ops, names, allParameters(parents, read, place), {
    precision,
    place,
    read: async (name) => (await read(name)).vectors,
  })
}

/** base and vectors in bytes; another model is composed beside them, and activations want room too. */
function placeOf({ kind, deviceBytes, hostBytes }: Backend, base: number, vectors: number): Place {
  if (base + vectors <= 0.45 * deviceBytes()) return 'device'
  return kind !== 'native-cpu' && vectors <= 0.5 * hostBytes() ? 'host' : 'files'
}

type ReadTaskVectors = (name: string) => Promise<{ base: Float32Array; vectors: Float32Array }>

/**
 * One parameter's base (n) and task vectors (vectors, n), as the tower holds them. Both arrays are made once, as long
 * as the largest parameter: garbage of a model's size would wait for a collection.
 */
function taskVectors(parents: Parents): ReadTaskVectors {
  const largest = largestSize(parents.parameters)
  const count = parents.vectors.length
  const [still, rows] = [new Float32Array(largest), new Float32Array(largest * count)]
  return async (name) => {
    const shape = parents.parameters.get(name) ?? []
    const base = await readParameter(parents.base, name, still)
    const n = base.length
    for (const [k, checkpoint] of parents.vectors.entries()) {
      const vector = await readParameter(checkpoint, name, rows.subarray(k * n, (k + 1) * n))
      subtract(vector, base)
      toHeld(name, shape, vector)
    }
    toHeld(name, shape, base)
    return { base, vectors: rows.subarray(0, count * n) }
  }
}

async function* allParameters(parents: Parents, read: ReadTaskVectors, place: Place): AsyncGenerator<Parameter> {
  for (const [name, shape] of parents.parameters) {
    const held = { name, shape: heldShape(name, shape) }
    if (place !== 'files') yield { ...held, ...(await read(name)) }
    else {
      const base = await readParameter(parents.base, name)
      toHeld(name, shape, base)
      yield { ...held, base, vectors: new Float32Array() }
    }
  }
}

async function* differences(parents: Parents, groups: Groups, coefficients: Table): AsyncGenerator<Parameter> {
  for await (const { name, values, base } of mergedParameters(parents, groups, coefficients)) {
    const shape = parents.parameters.get(name) ?? []
    subtract(values, base)
    for (const side of [values, base]) toHeld(name, shape, side)
    yield { name, shape: heldShape(name, shape), base, vectors: values }
  }
}

async function load(ops: Ops, shapes: Map<string, number[]>, parameters: () => Named): Promise<LoadedWeights> {
  const tensors = new Map<string, Tensor>()
  const dispose = (): void => disposeAll(tensors.values())
  try {
    for await (const { name, values } of parameters()) {
      const shape = shapes.get(name) ?? []
      toHeld(name, shape, values)
      tensors.set(name, ops.upload(values, heldShape(name, shape)))
    }
  } catch (error) {
    dispose() // a file refused half-way leaves nothing on the device
    throw error
  }
  return { weights: (name) => tensors.get(name) as Tensor, dispose }
}

function largestSize(parameters: Map<string, number[]>): number {
  return largestOf([...parameters.values()].map((shape) => product(shape)))
}

/** a - b, in a. */
function subtract(a: Float32Array, b: Float32Array): void {
  for (let i = 0; i < a.length; i++) a[i] = (a[i] as number) - (b[i] as number)
}
