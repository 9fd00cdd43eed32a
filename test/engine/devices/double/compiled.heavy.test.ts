// The kernels of the float64 device that are compiled for the processor, for each width of vectors that it has, against
// the portable ones: the same bits, so that a merge is the same file on every machine.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { dataFolder } from '../../../../src-main/files/data-folder.ts'
import { currentEngine } from '../../../../src-main/files/engine-folder.ts'

interface Seen {
  digest: string
  panel: number
  gram: number // milliseconds
  eigen: number
  chance: number
}

const PORTABLE = 4 // columns of a panel
const { BASIL_ADDON, BASIL_BACKEND: _, BASIL_ENGINES: __, ...environment } = process.env
const addon = BASIL_ADDON || currentEngine(dataFolder()).installed?.addon || ''
const isHere = existsSync(join(dirname(addon), 'doubles.node'))
if (!isHere && process.env['NATIVE_REQUIRED'])
  throw new Error('NATIVE_REQUIRED asks for compiled kernels. Next: npm run engine:install -- --cpu')

function seen(own: NodeJS.ProcessEnv): Seen {
  const text = execFileSync(process.execPath, [join(import.meta.dirname, 'digest.ts')], {
    encoding: 'utf8',
    env: { ...environment, NODE_OPTIONS: '', ...own },
  })
  return JSON.parse(text) as Seen
}

const told = (name: string, { gram, eigen, chance }: Seen): void => {
  const sizes = `a Gram matrix of 384 x 768 in ${gram.toFixed(1)} ms, decomposed in ${eigen.toFixed(1)} ms`
  console.log(`${name}: ${sizes}; what stays of four times 2^20 elements in ${chance.toFixed(1)} ms`)
}

describe.skipIf(!isHere)('kernels compiled for the processor', () => {
  let portable: Seen
  beforeAll(() => {
    portable = seen({})
    told('portable', portable)
  })

  it('are those of the widest vectors that it has, bounded by ONEDNN_MAX_CPU_ISA', () => {
    const panels = ['SSE41', 'AVX2', 'AVX512_CORE', ''].map(
      (bound) => seen({ BASIL_ADDON: addon, ONEDNN_MAX_CPU_ISA: bound }).panel,
    )
    expect(portable.panel).toBe(PORTABLE)
    expect(panels[0]).toBe(4)
    expect([4, 8]).toContain(panels[1])
    expect(panels.toSorted((a, b) => a - b)).toEqual(panels)
    expect(panels[3]).toBe(panels[2])
  })

  it.each(['SSE41', 'AVX2', 'AVX512_CORE'])('give the bits of the portable ones where %s bounds them', (bound) => {
    const compiled = seen({ BASIL_ADDON: addon, ONEDNN_MAX_CPU_ISA: bound })
    told(bound, compiled)
    expect(compiled.digest).toBe(portable.digest)
  })

  it.each([
    ['BASIL_BACKEND', 'wasm'],
    ['BASIL_ENGINES', 'wasm,webgpu'],
  ])('are left alone where %s is %s', (name, value) => {
    expect(seen({ BASIL_ADDON: addon, [name]: value }).panel).toBe(PORTABLE)
  })
})

describe('an installation whose kernels do not load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-doubles-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('leaves the portable ones', () => {
    writeFileSync(join(folder, 'doubles.node'), 'no library')
    expect(seen({ BASIL_ADDON: join(folder, 'tfjs_binding.node') }).panel).toBe(PORTABLE)
  })
})
