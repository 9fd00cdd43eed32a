// Bases of task vectors outside of a merge: what they leave of each vector, what they take, and, where a folder is
// named, each of them as a model, theta_pre + b_k, with its recipe. Such a model is a vector like any other: it may be
// added, taken away, and merged by any method.
import { basename, join, resolve } from 'node:path'

import type { BasesReport, BasesRequest } from '../contract/bases.ts'
import { sha256 } from '../contract/branded.ts'
import { formSchema } from '../contract/checkpoint.ts'
import type { Told } from '../contract/engine-api.ts'
import { bases as card } from '../contract/merges/spectral/bases.ts'
import type { Recipe } from '../contract/run/recipe.ts'
import type { Progress } from '../contract/run/run.ts'
import { telling } from '../contract/wire/telling.ts'
import { basesOf, errorsOf, productsOf } from '../engine/merging/spectral/bases.ts'
import { openSet, parameterCount } from '../engine/weights/parents.ts'
import { openSource } from '../files/source.ts'
import { disk, requireNothing } from '../files/write-atomic.ts'
import { wholeFolder, writeSynced } from '../files/written-folder.ts'
import { at, sum } from '../numbers/vectors.ts'
import { rebuild } from './rebuild.ts'

/** Throws what opening and writing throw. */
export function bases(request: BasesRequest): AsyncGenerator<Told<BasesReport>> {
  return telling('The search for bases', (tell) => work(request, tell))
}

async function work(request: BasesRequest, tell: (progress: Progress) => void): Promise<BasesReport> {
  const out = request.out === null ? null : resolve(request.out)
  if (out !== null) await requireNothing(out)
  tell({ type: 'progress', what: 'Reading', done: 0, total: 1 })
  const report = await reportOf(request)
  if (out === null) return report
  return wholeFolder(out, disk, async (temporary) => {
    const named = { ...report, bases: [...report.bases] }
    for (const [k, { name }] of report.bases.entries()) {
      tell({ type: 'progress', what: 'Writing', done: k, total: report.bases.length })
      const file = `${name.replaceAll(' ', '-')}.safetensors`
      const recipe = recipeOf(request, name, k, report.bases.length)
      await rebuild({
        recipe,
        out: join(temporary, file),
        overwrite: false,
        form: formSchema.parse({ dtype: 'float32' }),
      })
      named.bases[k] = { name, file: join(out, file) }
    }
    const placeless = { ...report, bases: named.bases.map(({ name, file }) => ({ name, file: basename(file ?? '') })) }
    await writeSynced(join(temporary, 'bases.json'), Buffer.from(`${JSON.stringify(placeless, null, 2)}\n`))
    return named
  })
}

async function reportOf({ pretrained, vectors, parameters }: BasesRequest): Promise<BasesReport> {
  const set = await openSet(pretrained, vectors, openSource)
  try {
    const products = await productsOf(set)
    const found = await basesOf(products, parameters.bases, parameters.by, parameters)
    const errors = errorsOf(products, found)
    const names = set.vectors.map(({ file }) => file.source.name)
    const [m, t, bytes] = [found.encoder.length, names.length, 4 * parameterCount(set)]
    return {
      bases: card.names(names, { ...parameters, output: 'bases' }).map((name) => ({ name, file: null })),
      vectors: names.map((name, i) => {
        const norm = Math.sqrt(Math.max(0, products[i]?.[i] ?? 0))
        const error = norm > 0 ? at(errors, i) / norm : 0
        return { name, norm, error, coefficients: [...(found.decoder[i] ?? [])] }
      }),
      spectrum: [...found.spectrum],
      encoder: found.encoder.map((row) => [...row]),
      error: found.error,
      paper: {
        error: sum(Array.from(errors, (error) => error ** 2)) / t ** 2,
        bound: sum([...found.spectrum.subarray(m)]) / t ** 2,
      },
      bytes: { bases: m * bytes, coefficients: 8 * m * t, vectors: t * bytes },
    }
  } finally {
    await set.close()
  }
}

function recipeOf({ pretrained, vectors, parameters }: BasesRequest, name: string, k: number, count: number): Recipe {
  const parent = (file: string): Recipe['pretrained'] => ({ file, name: basename(file), sha256: sha256('') })
  return {
    basil: '2',
    run: null,
    name,
    method: card.name,
    grouping: 'scalar',
    iteration: 0,
    epoch: null,
    pretrained: parent(pretrained),
    vectors: vectors.map(parent),
    steps: [{ method: card.name, parameters: { ...parameters, output: 'bases' } }],
    groups: ['all'],
    start: Array.from({ length: count }, (_, i) => [i === k ? 1 : 0]),
    iterations: [],
  }
}
