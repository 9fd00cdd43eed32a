// The program that is sent to a cluster, as it is there: alone in a folder, with its own Node and packages. Every
// module that its tasks may come to is read, so that nothing is left out that one of them asks for.
import { execFile } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

import { expect, onTestFinished, test } from 'vitest'

import { programOf } from '../../src-main/workbench/clusters/program.ts'
import { temporaryFolder } from '../workbench/toy.ts'

const root = join(import.meta.dirname, '..', '..')

// sources of kernels are of another language, and are not run
const reading = `
  import { readdirSync, writeFileSync } from 'node:fs'
  const failed = []
  let read = 0
  for (const room of ['contract', 'numbers', 'engine', 'files', 'worker', 'remote'])
    for (const name of readdirSync('app/src-main/' + room, { recursive: true }))
      if (name.endsWith('.ts') && !name.includes('/assembly/'))
        await import(process.cwd() + '/app/src-main/' + room + '/' + name).then(
          () => read++,
          (error) => failed.push(name + ': ' + error.message),
        )
  writeFileSync('said.json', JSON.stringify({ read, failed })) // what modules print is theirs
  process.exit(0)`

test('the program that is sent holds every package that its tasks ask for', async () => {
  const { files } = await programOf(temporaryFolder(), 'portable')
  mkdirSync(join(root, 'out'), { recursive: true })
  const folder = mkdtempSync(join(root, 'out', 'program-')) // where its files are links
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const { name, from, mode, link } of files) {
    const to = join(folder, name)
    mkdirSync(dirname(to), { recursive: true })
    if (link !== undefined) symlinkSync(link, to)
    else if (typeof from === 'string') linkSync(from, to)
    else writeFileSync(to, from, { mode })
  }
  writeFileSync(join(folder, 'reading.mjs'), reading)
  await promisify(execFile)(join(folder, 'bin', 'node'), ['reading.mjs'], { cwd: folder })
  const said = JSON.parse(readFileSync(join(folder, 'said.json'), 'utf8'))
  expect(said.failed).toEqual([])
  expect(said.read).toBeGreaterThan(400)
})
