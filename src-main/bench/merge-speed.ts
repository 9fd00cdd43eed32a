// The training-free merge of checkpoints on disk, theta = theta_pre + 0.3 sum_k tau_k written by the way an export is,
// against the rate at which the same files can be read one behind the other. Cold: the page cache holds none of them
// before.

import { spawnSync } from 'node:child_process'
import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'

import type { Recipe } from '../contract/run/recipe.ts'
import { hashFile } from '../files/hash.ts'
import { sum } from '../numbers/vectors.ts'
import { median } from './compare.ts'
import { ourSide } from './machine.ts'
import { mergeSchema, type Opening } from './protocol.ts'
import type { MergeResult } from './report.ts'

type Files = Pick<Opening, 'pretrained' | 'vectors' | 'parameters'>

export async function mergeSpeed(name: string, folder: string, files: Files, rounds: number): Promise<MergeResult> {
  const paths = [files.pretrained, ...files.vectors]
  const out = join(folder, 'merged.safetensors')
  const recipe = await recipeOf(files)
  const side = ourSide('wasm', process.env) // no tensor is made: any engine would do
  let bytesWritten = 0
  const merge = async (): Promise<number> => {
    const { wall, bytes } = await side.ask({ do: 'merge', recipe, out }, mergeSchema)
    bytesWritten = bytes
    return wall / 1000
  }
  try {
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
    const bytesRead = sum(sizes)
    await merge() // the engine's code is warm, as in a program that has been open for a while
    const measure = async (before: () => boolean): Promise<MergeResult['cold']> => {
      const pairs: { read: number; merge: number }[] = []
      for (let round = 0; round < rounds; round++) {
        if (!before()) return null
        const read = await readAll(paths)
        if (!before()) return null
        pairs.push({ read, merge: await merge() })
      }
      return {
        read: bytesRead / median(pairs.map((p) => p.read)),
        merge: bytesRead / median(pairs.map((p) => p.merge)),
        ratio: median(pairs.map((p) => p.read / p.merge)),
      }
    }
    const cold = await measure(() => paths.every(forget))
    const warm = (await measure(() => true)) as NonNullable<MergeResult['cold']>
    return { name, vectors: files.vectors.length, bytesRead, bytesWritten, rounds, peak: side.peak(), cold, warm }
  } finally {
    side.end()
    await rm(out, { force: true })
  }
}

async function recipeOf({ pretrained, vectors, parameters }: Files): Promise<Recipe> {
  const parent = async (file: string) => ({ file, name: basename(file), sha256: (await hashFile(file)).sha256 })
  const found: Recipe['vectors'] = []
  for (const file of vectors) found.push(await parent(file))
  return {
    basil: '2',
    steps: [],
    run: null,
    name: 'merge of the benchmark',
    method: 'task-arithmetic',
    grouping: 'tensor',
    linearised: false,
    iteration: 0,
    epoch: null,
    pretrained: await parent(pretrained),
    vectors: found,
    groups: parameters.map((name) => `visual.${name}`),
    start: vectors.map(() => parameters.map(() => 0.3)),
    iterations: [],
  }
}

/** Seconds to read the files whole, one behind the other. */
export async function readAll(paths: readonly string[]): Promise<number> {
  const buffer = new Uint8Array(4 * 2 ** 20)
  const began = performance.now()
  for (const path of paths) {
    const file: FileHandle = await open(path)
    while ((await file.read(buffer, 0, buffer.length, null)).bytesRead > 0);
    await file.close()
  }
  return (performance.now() - began) / 1000
}

/** Empties the page cache of one file; nobody needs to be root for that. False where it cannot be done. */
function forget(path: string): boolean {
  return spawnSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']).status === 0
}
