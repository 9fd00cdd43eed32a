// The benchmark of merges on tiny models: every merge comes to its end, and each figure of ours is there; where a
// Python has mergekit (BENCH_PYTHON), the peers' are too.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { benchMerges } from '../../src-main/bench/merging/bench.ts'
import { mergingCases } from '../../src-main/bench/merging/cases.ts'
import { mergingLines, mergingSchema } from '../../src-main/bench/merging/report.ts'
import { testPatience as patience } from '../patience.ts'

const python = process.env['BENCH_PYTHON'] ?? 'python3'
const hasPeer = spawnSync(python, ['-c', 'import torch, mergekit']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'basil-merging-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('merges come to their ends, and what they took is in the table and kept', { timeout: patience }, async () => {
  const records = join(folder, 'records')
  const only = hasPeer ? 'tiny' : 'tiny-llama,tiny-task'
  const options = { json: false, only, rounds: 1, peer: hasPeer, python, scratch: null, basil: 'test' }
  const rest = { environment: process.env, checkout: join(import.meta.dirname, '..', '..'), records }
  expect(await benchMerges({ ...options, ...rest })).toBe(true)
  const [file = ''] = readdirSync(records).filter((name) => name.startsWith('merging-'))
  const kept = mergingSchema.parse(JSON.parse(readFileSync(join(records, file), 'utf8')))
  expect(kept.results.map(({ name }) => name)).toEqual(mergingCases(only).map(({ name }) => name))
  for (const { ours, theirs, ratio, ofDisk, bytes } of kept.results) {
    expect(bytes).toBeGreaterThan(100_000)
    for (const spent of hasPeer ? [ours, theirs, ratio] : [ours])
      for (const figure of ['wall', 'cpu', 'peak'] as const) expect(spent?.[figure]).toBeGreaterThan(0)
    expect(ofDisk).toBeGreaterThan(0)
  }
  expect(mergingLines(kept)).toHaveLength(3 + kept.results.length)
})
