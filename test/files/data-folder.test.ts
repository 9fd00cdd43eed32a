import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { dataFolder } from '../../src-main/files/data-folder.ts'

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'basil-home-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

test('BASIL_HOME wins, else the XDG data folder; it is made when missing', () => {
  const here = folder()
  const chosen = dataFolder({ BASIL_HOME: join(here, 'mine', 'ünïcode 数据'), XDG_DATA_HOME: here })
  expect(chosen).toBe(join(here, 'mine', 'ünïcode 数据'))
  expect(existsSync(chosen)).toBe(true)
  expect(dataFolder({ XDG_DATA_HOME: here })).toBe(join(here, 'basil'))
})

test('a folder that cannot be made is named', () => {
  const here = folder()
  writeFileSync(join(here, 'file'), '')
  expect(() => dataFolder({ BASIL_HOME: join(here, 'file', 'home') })).toThrow(
    expect.objectContaining({ record: expect.objectContaining({ code: 'target-unwritable' }) }),
  )
})
