// The addon's threads (resources/engine/addon/pool.h), compiled alone.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'basil-pool-'))
afterAll(() => rmSync(folder, { recursive: true }))

const compiler = spawnSync('g++', ['--version']).status === 0 || process.env['NATIVE_REQUIRED'] !== undefined

// A thread that had taken the last row looked the job up after its caller had put it away: a fine-tuning's process died
// in one of seven runs of twenty steps.
test.runIf(compiler)('a thread keeps the job whose row it took', () => {
  const program = join(folder, 'pool')
  const includes = join(import.meta.dirname, '../../../resources/engine/addon')
  const flags = ['-std=gnu++17', '-O2', '-pthread', '-I', includes]
  execFileSync('g++', [...flags, join(import.meta.dirname, 'pool.cc'), '-o', program])
  expect(execFileSync(program, { encoding: 'utf8' })).toBe('0 of 1000000 calls missed a row or had one twice')
})
