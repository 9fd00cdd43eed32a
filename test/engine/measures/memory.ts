// Checkpoints that exist only in memory, in any layout and container, for tests of what is measured on them; and their
// plain float64 values.
import { expect } from 'vitest'

import type { Container, WrittenLayout } from '../../../src-main/contract/checkpoint.ts'
import type { Told } from '../../../src-main/contract/engine-api.ts'
import { toFloat32 } from '../../../src-main/engine/formats/dtype.ts'
import type { OpenSource } from '../../../src-main/engine/formats/source.ts'
import { writeCheckpoint } from '../../../src-main/engine/formats/writing/checkpoint.ts'
import { canonical, inLayout } from '../../../src-main/engine/layouts/index.ts'
import { sourceOf } from '../formats/bytes.ts'
import { type Full, filled, inMemory, openClip, type Shapes } from '../layouts/models.ts'

/** Its largest tensors are read in several pieces. */
export const size = {
  width: 192,
  layers: 1,
  patch: 8,
  tokens: 5,
  embed: 64,
  text: { width: 32, layers: 1, context: 7, vocabulary: 50 },
}
export const tower: Shapes = openClip(size, 'none')

/** Opens by name; `left` counts what was not closed. */
export function folderOf(files: Record<string, Uint8Array>): { open: OpenSource; left: () => number } {
  let left = 0
  const open: OpenSource = async (path) => {
    const source = sourceOf(
      files[path] ??
        (() => {
          throw new Error(path)
        })(),
      path,
    )
    left++
    return { ...source, path, close: async () => void left-- }
  }
  return { open, left: () => left }
}

/** layout null: under the names that the tensors have. */
export async function bytesOf(
  tensors: Full[],
  layout: WrittenLayout | null = 'open_clip',
  container: Container = 'safetensors',
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  const file = await inMemory(tensors)
  const laidOut = layout ? inLayout(canonical(file), layout) : file
  for await (const chunk of writeCheckpoint(laidOut, container, {})) chunks.push(chunk.slice())
  return Buffer.concat(chunks)
}

/** The values of a float32 model, by name. */
export function plain(tensors: readonly Full[]): Map<string, number[]> {
  return new Map(tensors.map(({ name, bytes }) => [name, [...toFloat32(bytes, 'F32')]]))
}

/** The model moved by a random step: x + scale u, u in (-0.5, 0.5). */
export function moved(tensors: readonly Full[], seed: number, scale: number): Full[] {
  const steps = plain(
    filled(
      tensors.map(({ name, shape }) => [name, shape]),
      'F32',
      seed,
      true,
    ),
  )
  return changed(tensors, (x, name, i) => x + scale * (steps.get(name)?.[i] as number))
}

export function changed(tensors: readonly Full[], change: (x: number, name: string, i: number) => number): Full[] {
  return tensors.map((tensor) => {
    if (tensor.dtype !== 'F32') return tensor
    const values = Float32Array.from(toFloat32(tensor.bytes, 'F32'), (x, i) => change(x, tensor.name, i))
    return { ...tensor, bytes: new Uint8Array(values.buffer) }
  })
}

/** What came of it; progress must go forward and end at its total. */
export async function resultOf<T>(events: AsyncIterable<Told<T>>): Promise<T> {
  let result: { result: T } | undefined
  let done = 0
  for await (const event of events) {
    if (event.type === 'result') result = event
    else {
      expect(event.done).toBeGreaterThanOrEqual(done)
      expect(event.done).toBeLessThanOrEqual(event.total)
      done = event.done
    }
  }
  return (result as { result: T }).result
}

export function expectClose(found: number | null | undefined, expected: number, what: string): void {
  if (!(Math.abs((found ?? Number.NaN) - expected) <= 1e-9 * Math.max(1e-3, Math.abs(expected))))
    expect.fail(`${what}: ${found} instead of ${expected}`)
}
