// A linearised run says so wherever its model is met: in the list of runs, on the terminal, in its settings, its recipe
// and the file that is exported. A run of before the field existed is an ordinary one.

import { join } from 'node:path'

import { expect, test } from 'vitest'

import { summaryLine } from '../../src-main/cli/print.ts'
import type { RunId } from '../../src-main/contract/branded.ts'
import { formSchema } from '../../src-main/contract/checkpoint.ts'
import { runDetailSchema } from '../../src-main/contract/run/run.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { listRuns } from '../../src-main/history/listing/list.ts'
import { createRun, putOpened } from '../../src-main/history/runs.ts'
import { endStage, putStage } from '../../src-main/history/stages.ts'
import type { History } from '../../src-main/history/statement.ts'
import { recipeOf } from '../../src-main/workbench/export/recipe.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { configOfRun } from '../../src-renderer/state/run/config-of-run.ts'
import { folder as golden, goldenConfig } from '../golden/fixture.ts'
import { folder, now, opened, stage } from '../history/rows.ts'

/** A run on the golden models whose start chose 0.5 for the one vector and block. */
async function finished(history: History, linearised: string | undefined): Promise<RunId> {
  const config = goldenConfig('entropy', { blocks: 'scalar', vectors: ['finetuned-alpha.safetensors'] })
  // undefined: as an older version stored it
  const run = createRun(history, { ...config, linearised } as typeof config, now)
  const files = [config.pretrained, ...config.vectors]
  const parents = await Promise.all(
    files.map(async (file, i) => ({
      role: i ? ('vector' as const) : ('pretrained' as const),
      file,
      name: file,
      ...(await hashFile(file)),
    })),
  )
  const engine = { name: 'wasm', kind: 'wasm' as const, threads: 1, simd: '', reason: '', versions: {} }
  putOpened(history, run, { type: 'opened', engine, blocks: ['all'], parents, parameters: 1, images: [] })
  putStage(history, run, stage(0))
  endStage(history, run, {
    stage: 0,
    accepted: true,
    best: 1,
    still: 1,
    metric: 0.5,
    coefficients: [[0.5]],
    losses: [1, 0.5],
  })
  return run
}

test.each([
  ['jvp', true],
  ['cached', true],
  ['no', false],
  [undefined, false],
])('stored as %s', async (linearised, says) => {
  const history = await opened(folder())
  const run = await finished(history, linearised)
  const [summary] = listRuns(history, { offset: 0, limit: 1 }).rows
  expect(summary?.linearised).toBe(says)
  expect(summary && summaryLine(summary).includes('linearised')).toBe(says)
  const detail = runDetailSchema.parse(runDetail(history, run))
  expect(detail.config.linearised).toBe(linearised ?? 'no')
  expect(configOfRun(detail.config, golden).linearised).toBe(linearised ?? 'no')
  const out = join(folder(), 'merged.safetensors')
  await rebuild({ recipe: recipeOf(history, run, null), out, overwrite: false, form: formSchema.parse({}) })
  const source = await openSource(out)
  const { metadata } = await openTensorFile(source)
  await source.close()
  expect('basil.linearised' in metadata).toBe(says)
  const told = JSON.parse(metadata['basil.recipe'] as string)
  expect(told.config).toMatchObject({
    objective: 'entropy',
    blocks: 'scalar',
    start: { learningRate: 0.01 },
    tasks: [{ name: 'alpha', data: '' }, {}, {}],
  })
  expect(JSON.stringify(told.config)).not.toContain(golden) // how it learned, and no path of this machine
  expect(JSON.parse(metadata['basil.recipe'] ?? '{}').linearised ?? false).toBe(says)
})
