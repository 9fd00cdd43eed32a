// basil data in a terminal: add, list, show, prepare, leaks, forget.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { DataSet, LeakReport } from '../../src-main/contract/api/data.ts'
import { petsAt } from '../workbench/data/miniatures.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil as inTerminal, type Outcome } from './terminal.ts'

const basil = (home: string, ...args: string[]): Promise<Outcome> => inTerminal(['data', ...args], { home })

test('data is added, prepared and searched for leaks; what cannot be read is named with its reason', async () => {
  const [home, folder] = [temporaryFolder(), temporaryFolder()]
  await petsAt(folder)
  const added = await basil(home, 'add', folder, '--json')
  expect([added.code, added.err]).toEqual([0, ''])
  const { rows } = JSON.parse(added.out) as { rows: DataSet[] }
  expect(rows.map(({ state, splits }) => [state, splits.map(({ count }) => count)])).toEqual([['present', [20, 6]]])
  const told = await basil(home, 'add', folder)
  expect(told.out).toMatch(
    /train 20, test 6 .* 1 left out .*\n +test: 1 left out, \.heic, a kind that is not read: dog\/3\.heic\n/,
  )
  const prepared = await basil(home, 'prepare', '1', 'field-val', 'test', '--size', '32')
  expect(prepared.out).toContain('#field-val: 2 images, 0 unreadable')
  expect(prepared.out).toContain('dog/2.png: it is no JPEG')
  const report = JSON.parse((await basil(home, 'leaks', '1', '--size', '32', '--json')).out) as LeakReport
  expect(report.pairs.map(({ exact, alike }) => exact + alike)).toEqual([0, 2, 0])
  expect((await basil(home, 'list')).out).toContain('train 20, test 6  2 classes')
  const shown = await basil(home, 'show', '1')
  expect(shown.out).toMatch(/field {4}field-val {2}2 {2}[0-9a-f]{64} {2}by torch.random_split with seed 0/)
  expect(shown.out).toContain('cat/0.png  is  cat/3.png')
  expect(shown.out).toContain('test: 1 left out, .heic, a kind that is not read: dog/3.heic')
  expect((await basil(home, 'add', join(home, 'nothing'))).code).toBe(3)
  expect((await basil(home, 'forget', '1')).out).toContain('1 forgotten')
  expect(existsSync(join(folder, 'train'))).toBe(true)
})
