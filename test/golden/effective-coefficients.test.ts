// What is said of a model's coefficients, held against the model itself: every way a run can go, on the golden models,
// is run, kept, exported and described; then the exported weights less the pre-trained ones are regressed on the
// vectors the description names, block by block. What the card, the report and the terminal say must be what the
// regression finds, and leave a residual of float32's rounding alone.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { detailLines } from '../../src-main/cli/print.ts'
import { formSchema } from '../../src-main/contract/checkpoint.ts'
import { stepInWords } from '../../src-main/contract/merges/step.ts'
import { type Course, courseOf, effectiveCoefficients } from '../../src-main/contract/run/coefficients.ts'
import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import type { Recipe } from '../../src-main/contract/run/recipe.ts'
import type { EngineEvent } from '../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { vectorsAfter } from '../../src-main/engine/merging/vectors-after.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { lineageOf } from '../../src-main/engine/weights/lineage.ts'
import { type Groups, groupsOf } from '../../src-main/engine/weights/merge.ts'
import { openParents, type Parents } from '../../src-main/engine/weights/parents.ts'
import { type Checkpoint, readParameter } from '../../src-main/engine/weights/slices.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { createRun } from '../../src-main/history/runs.ts'
import { fromNumbers } from '../../src-main/numbers/table.ts'
import { exportRun } from '../../src-main/workbench/export/export-run.ts'
import { recipeOf } from '../../src-main/workbench/export/recipe.ts'
import { keepEvent } from '../../src-main/workbench/runs/keep.ts'
import { look } from '../../src-main/worker/inspect.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { iterationRows, modelRows } from '../../src-renderer/plot/heat.ts'
import { folder as newFolder, now, opened } from '../history/rows.ts'
import { firstImages, folder, goldenConfig } from './fixture.ts'

const few = await firstImages(32)
const template = join(import.meta.dirname, '../../resources/model-card.md')
const start = { method: 'atlas', steps: 2, learningRate: 0.05 }
const iterated = { start, iterations: 3, steps: 2, learningRate: 0.05, weightDecay: 0 }
const plain = { method: 'atlas', start: undefined, iterations: undefined, steps: 2, learningRate: 0.05 }

interface Case {
  change: Record<string, unknown>
  names: string[]
}
const [alpha, beta, gamma] = [
  'finetuned-alpha.safetensors',
  'finetuned-beta.safetensors',
  'finetuned-gamma.safetensors',
] as const
const three = [alpha, beta, gamma]
const courses: Record<string, Case> = {
  'dv-basi of three iterations': { change: iterated, names: three },
  'dv-basi, a coefficient a layer': { change: { ...iterated, blocks: 'layer' }, names: three },
  'dv-basi, one coefficient': { change: { ...iterated, blocks: 'scalar' }, names: three },
  restart: { change: { ...iterated, control: 'restart', initialCoefficient: 0.1 }, names: three },
  isotropic: { change: { ...iterated, control: 'isotropic' }, names: three },
  'random directions': {
    change: { ...iterated, control: 'random', initialCoefficient: 0.02, learningRate: 0.005 },
    names: [...three, 'random direction 1', 'random direction 2', 'random direction 3'],
  },
  ties: { change: { ...iterated, start: { method: 'ties' }, iterations: 2 }, names: ['TIES of 3'] },
  'trimmed vectors of AdaMerging++': {
    change: { ...plain, method: 'adamerging', trim: 0.2, learningRate: undefined },
    names: three.map((name) => `${name}, trimmed`),
  },
  'aTLAS x 3': {
    change: { ...plain, parts: 3 },
    names: three.flatMap((name) => [1, 2, 3].map((part) => `${name}, part ${part} of 3`)),
  },
  'ties in two parts': {
    change: { ...plain, method: 'ties', steps: undefined, parts: 2 },
    names: ['TIES of 3, part 1 of 2', 'TIES of 3, part 2 of 2'],
  },
  'a moved expansion': {
    change: { ...iterated, iterations: 2, steps: 1, linearised: 'jvp', expansion: 'moved' },
    names: three,
  },
  'clamped coefficients': { change: { ...iterated, clamp: [-0.03, 0.03], iterations: 2 }, names: three },
  'a start that is a checkpoint': {
    change: { ...iterated, start: { method: 'checkpoint', checkpoint: alpha }, iterations: 2 },
    names: [alpha],
  },
  'iterations that were not accepted': {
    change: {
      ...iterated,
      iterations: 2,
      initialCoefficient: 8,
      learningRate: 1e-6,
      start: { method: 'task-arithmetic' },
    },
    names: three,
  },
}

/**
 * Of each column the regression on the named vectors, and the largest residual of what was said in units of its
 * rounding.
 */
interface Found {
  measured: Map<string, number[]> // by vector, one a column; NaN where the vector is 0 there
  worst: number
}

describe('on wasm', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend({ prefer: 'wasm' })
  })
  afterAll(() => backend.close())

  async function* events(config: ResolvedConfig): AsyncGenerator<EngineEvent> {
    const signal = new AbortController().signal
    yield* run(config, {
      backend,
      open: openSource,
      hash: hashFile,
      resume: null,
      parents: [],
      stopping: () => false,
      signal,
    })
  }

  test.each(Object.entries(courses))(
    '%s: what is said is what the weights are',
    { timeout: 600_000 },
    async (name, { change, names }) => {
      const history = await opened(newFolder())
      const config = goldenConfig('cross-entropy', { tasks: few, ...change })
      const number = createRun(history, config, now)
      for await (const event of events(config)) keepEvent(history, number, event, 0, now)
      const out = join(newFolder(), 'model.safetensors')
      const place = { history, home: newFolder(), template, rebuild, look }
      const exported = await exportRun(
        place,
        number,
        { iteration: config.iterations, form: formSchema.parse({}) },
        { out, overwrite: false },
      )
      const [detail, recipe] = [runDetail(history, number), recipeOf(history, number, config.iterations)]
      if (name === 'iterations that were not accepted')
        expect(detail.iterations.map(({ accepted }) => accepted)).toEqual([false, false])
      else
        expect(detail.iterations.filter(({ accepted }) => accepted).length).toBeGreaterThan(config.iterations ? 0 : -1)

      if (config.expansion === 'pretrained')
        // an iteration begins where the one before came to, which is how its coefficients are meant
        for (const [k, { still }] of detail.iterations.entries())
          expect(still).toBeCloseTo((k ? detail.iterations[k - 1] : detail.start)?.metric as number, 4)

      const said = effectiveCoefficients(recipe)
      expect(said.map((share) => share.name)).toEqual(names)
      const { measured, worst } = await regressed(recipe, out, new Map(said.map(({ name, values }) => [name, values])))
      expect(worst).toBeLessThan(1)
      for (const { name, values } of said)
        for (const [b, c] of (measured.get(name) ?? []).entries())
          if (!Number.isNaN(c)) expect(values[b]).toBeCloseTo(c, 3) // a direction is float32

      // The same on the card, in the report's map and on the terminal.
      const card = readFileSync(exported.card, 'utf8')
      for (const step of recipe.steps) expect(card).toContain(stepInWords(step))
      const spans = said.map(({ name, values }) => [name, Math.min(...values), Math.max(...values)] as const)
      for (const [name, smallest, largest] of spans) {
        expect(card).toMatch(
          new RegExp(
            `^\\| ${escaped(name)} \\| ${smallest.toFixed(4)} \\| [-.\\d]+ \\| ${largest.toFixed(4)} \\|$`,
            'm',
          ),
        )
        expect(detailLines(detail).join('\n')).toContain(
          `coefficients of ${name}: ${smallest.toFixed(4)} to ${largest.toFixed(4)}`,
        )
      }
      expect(effectiveCoefficients(courseOf(detail) as Course)).toEqual(said)
      expect(modelRows(detail).map(({ values }) => values)).toEqual(said.map(({ values }) => [...values]))
      const together = iterationRows(detail.iterations, null, config.control).at(-1)
      const first = said[0]?.values.findIndex((_, b) => detail.start?.coefficients[0]?.[b] !== 0) ?? -1
      if (config.iterations > 1 && config.control !== 'random')
        expect(
          (detail.start?.coefficients[0]?.[first] as number) * (1 + (together?.values[first] as number)),
        ).toBeCloseTo(said[0]?.values[first] as number, 10)
    },
  )

  const escaped = (name: string): string => name.replace(/[.]/g, '\\.')

  /** theta - theta_pre on the vectors whose names are said. */
  async function regressed(recipe: Recipe, file: string, said: ReadonlyMap<string, Float64Array>): Promise<Found> {
    const parents = await openParents(
      join(folder, 'pretrained.safetensors'),
      recipe.vectors.map((vector) => vector.file),
      openSource,
    )
    const exported = await openParents(join(folder, 'pretrained.safetensors'), [file], openSource)
    const groups = groupsOf(parents, recipe.grouping)
    const combined = await vectorsAfter(parents, recipe.steps)
    const vectors = await named(recipe, combined, groups)
    const measured = new Map([...said.keys()].map((name) => [name, groups.names.map(() => Number.NaN)]))
    let worst = 0
    for (const [column] of groups.names.entries()) {
      const own = [...parents.parameters.keys()].filter((name) => groups.of.get(name) === column)
      const base = await flat(parents.base, own)
      const theta = await flat(exported.vectors[0] as Checkpoint, own)
      const moved = theta.map((v, i) => v - (base[i] as number))
      const taus: [string, Float64Array][] = []
      for (const name of said.keys()) {
        const tau = (await flat(vectors.get(name) as Checkpoint, own)).map((v, i) => v - (base[i] as number))
        if (tau.some((v) => v !== 0)) taus.push([name, tau])
      }
      const found = leastSquares(
        taus.map(([, tau]) => tau),
        moved,
      )
      for (const [k, [name]] of taus.entries()) (measured.get(name) as number[])[column] = found[k] as number
      for (const [i, delta] of moved.entries()) {
        const stated = taus.reduce(
          (sum, [name, tau]) => sum + (said.get(name)?.[column] as number) * (tau[i] as number),
          0,
        )
        const rounding = 2 ** -23 * (Math.abs(theta[i] as number) + Math.abs(base[i] as number)) + 1e-30
        worst = Math.max(worst, Math.abs(delta - stated) / rounding)
      }
    }
    await Promise.all([parents.close(), exported.close()])
    return { measured, worst }
  }

  /** Every checkpoint a model may be made of, by its name. */
  async function named(recipe: Recipe, parents: Parents, groups: Groups): Promise<Map<string, Checkpoint>> {
    const all: Checkpoint[] = [...parents.vectors]
    if (recipe.control === 'random') {
      const chosen = [fromNumbers(recipe.start), ...recipe.iterations.map((row) => [Float64Array.from(row)])]
      all.push(...lineageOf(parents, groups, chosen, { control: 'random', seed: recipe.seed ?? 0 }).parents.vectors)
    }
    return new Map(all.map((vector) => [vector.file.source.name, vector]))
  }
})

/** Parameters one after the other, in float64. */
async function flat(checkpoint: Checkpoint, names: readonly string[]): Promise<Float64Array> {
  const parts: number[][] = []
  for (const name of names) parts.push([...(await readParameter(checkpoint, name))])
  return Float64Array.from(parts.flat())
}

/** The c that minimises |y - sum_k c_k x_k|, by the normal equations and Gauss-Jordan elimination with pivots. */
function leastSquares(x: readonly Float64Array[], y: Float64Array): number[] {
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, i) => sum + v * (b[i] as number), 0)
  const rows = x.map((xi) => [...x.map((xj) => dot(xi, xj)), dot(xi, y)])
  for (const k of x.keys()) {
    const pivot = rows.findIndex(
      (row, i) =>
        i >= k && Math.abs(row[k] as number) === Math.max(...rows.slice(k).map((r) => Math.abs(r[k] as number))),
    )
    ;[rows[k], rows[pivot]] = [rows[pivot] as number[], rows[k] as number[]]
    const lead = rows[k] as number[]
    for (const [i, row] of rows.entries())
      if (i !== k) {
        const share = (row[k] as number) / (lead[k] as number)
        for (const j of row.keys()) row[j] = (row[j] as number) - share * (lead[j] as number)
      }
  }
  return rows.map((row, k) => (row.at(-1) as number) / (row[k] as number))
}
