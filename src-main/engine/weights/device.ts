// Weights on their way from files to the device: whole models for evaluation, base and vectors for learning.
// conv1 becomes (width, 3 * patch * patch): the patch embedding is a matrix product.
import type { Backend } from '../backend.ts'
import type { Table } from '../coefficients/table.ts'
import { towerParameters } from '../models/clip-names.ts'
import type { Weights } from '../models/clip-vit.ts'
import { type Tensor, tf } from '../tf.ts'
import { type Groups, mergedParameters } from './merge.ts'
import { type Checkpoint, type Parents, parameterCount, readParameter } from './parents.ts'
import { type Parameter, type VectorStore, vectorStore } from './vector-store.ts'

const wasmVectorBytes = 1.5 * 2 ** 30 // of wasm's 4 GiB; the rest is for composed weights and activations

export interface LoadedWeights {
  weights: Weights
  dispose(): void
}

/** A checkpoint as it is. */
export async function loadCheckpoint(checkpoint: Checkpoint): Promise<LoadedWeights> {
  const parameters = towerParameters(checkpoint.architecture)
  return load(parameters, async function* () {
    for (const name of parameters.keys()) yield { name, values: await readParameter(checkpoint, name) }
  })
}

/** The merged model of a coefficient table: the very values an export writes. */
export async function loadMerged(parents: Parents, groups: Groups, coefficients: Table): Promise<LoadedWeights> {
  return load(parents.parameters, () => mergedParameters(parents, groups, coefficients))
}

/** theta_pre and the task vectors; or, given the start's coefficients, theta_pre and the one difference vector they make. */
export async function openStore(backend: Backend, parents: Parents, start?: { groups: Groups; coefficients: Table }): Promise<VectorStore> {
  const names = start ? ['difference vector'] : parents.vectors.map((v) => v.file.source.name)
  const budget = backend.kind === 'wasm' ? wasmVectorBytes : Number.POSITIVE_INFINITY
  const parameters = start ? differences(parents, start.groups, start.coefficients) : taskVectors(parents)
  return vectorStore(backend.ops, names, parameters, 4 * parameterCount(parents) * (1 + names.length), budget)
}

async function* taskVectors(parents: Parents): AsyncGenerator<Parameter> {
  for (const [name, shape] of parents.parameters) {
    const base = await readParameter(parents.base, name)
    const vectors: Float32Array[] = []
    for (const vector of parents.vectors) vectors.push(minus(await readParameter(vector, name), base))
    yield { name, shape: flat(shape), base, vectors }
  }
}

async function* differences(parents: Parents, groups: Groups, coefficients: Table): AsyncGenerator<Parameter> {
  for await (const { name, values, base } of mergedParameters(parents, groups, coefficients))
    yield { name, shape: flat(parents.parameters.get(name) ?? []), base, vectors: [minus(values, base)] }
}

async function load(
  shapes: Map<string, number[]>,
  parameters: () => AsyncIterable<{ name: string; values: Float32Array }>,
): Promise<LoadedWeights> {
  const tensors = new Map<string, Tensor>()
  const dispose = (): void => tf.dispose([...tensors.values()])
  try {
    for await (const { name, values } of parameters()) tensors.set(name, tf.tensor(values, flat(shapes.get(name) ?? [])))
  } catch (error) {
    dispose() // a file refused half-way leaves nothing on the device
    throw error
  }
  return { weights: (name) => tensors.get(name) as Tensor, dispose }
}

function minus(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((v, i) => v - (b[i] as number))
}

function flat(shape: readonly number[]): number[] {
  return shape.length > 2 ? [shape[0] as number, shape.slice(1).reduce((a, b) => a * b, 1)] : [...shape]
}
