// basil preset from a terminal: everything that is missing is named before anything runs, and what is there becomes a
// study that is sound.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { expect, test } from 'vitest'

import { parseStudy, plannedRuns } from '../../src-main/contract/run/study.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basilSync, type Outcome } from './terminal.ts'

const preset = (home: string, ...args: string[]): Outcome =>
  basilSync(['preset', ...args], { home: join(home, 'home') })

test('the tables, the protocols and what the paper printed are listed', () => {
  const { code, out } = preset(temporaryFolder(), 'list')
  expect(code).toBe(0)
  for (const told of [
    /^T3 /m,
    /--protocol strict /,
    /not ours: T5, B\/32: mean 82.04 to 82.74 printed, 82.04 to 82.75 of its rows/,
  ])
    expect(out).toMatch(told)
})

test('a plan names what is missing and writes only what has all it needs', () => {
  const home = temporaryFolder()
  const put = (path: string): void => {
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), '')
  }
  for (const path of ['zeroshot.pt', 'EuroSATVal/finetuned.pt', 'head_EuroSATVal.pt']) put(`models/ViT-B-32/${path}`)
  for (const name of ['AnnualCrop', 'SeaLake']) put(`data/EuroSAT_RGB/${name}/a.png`)
  const out = join(home, 'study.json')
  const given = ['plan', 'T5', '--models', join(home, 'models'), '--data', join(home, 'data'), '--out', out]

  const lacking = preset(home, ...given)
  expect(lacking.code).toBe(3)
  expect(lacking.out).toMatch(/^Missing fine-tuned: ViT-B-32, Cars /m)
  expect(lacking.out).not.toMatch(/EuroSAT/)
  expect(existsSync(out)).toBe(false)

  const written = preset(home, ...given, '--without-missing', '--seeds', '2')
  expect(written.code).toBe(0)
  const definition = parseStudy(JSON.parse(readFileSync(out, 'utf8')))
  expect(plannedRuns(definition, () => 0).map(({ arm, part, seed }) => [arm, part, seed])).toEqual([
    ['DV-BASI', 'EuroSAT', 0],
    ['DV-BASI', 'EuroSAT', 1],
  ])
  expect(definition.config.tasks[0]?.data).toBe(`${join(home, 'data/EuroSAT_RGB')}#field-val?half=1&seed=0`)
  const again = preset(home, ...given, '--without-missing')
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('already there')])
})
