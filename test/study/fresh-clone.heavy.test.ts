// The worked study as the first command of a fresh clone: the kernels are compiled for it, as for `npm run basil`. Once
// it fine-tuned eight models and then stopped at the first merge, for want of them.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const clone = mkdtempSync(join(tmpdir(), 'basil-clone-'))
const npmRun = (script: string) =>
  spawnSync('npm', ['run', '-s', script], { cwd: clone, encoding: 'utf8', timeout: 600_000 })

beforeAll(() => {
  for (const name of ['package.json', 'build', 'src-main', 'resources/sample'])
    cpSync(join(root, name), join(clone, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'))
})
afterAll(() => rmSync(clone, { recursive: true }))

describe('in a fresh clone', () => {
  it('the worked study has kernels before it asks for its data', () => {
    expect(existsSync(join(clone, 'out', 'kernels'))).toBe(false)
    expect(npmRun('study:worked').stderr).toMatch(/compiled its kernels[\s\S]*name --data and --backbone/)
    expect(existsSync(join(clone, 'out', 'kernels', 'relaxed.wasm'))).toBe(true)
  })
})
