import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { BasilError } from '../../src-main/contract/errors.ts'
import { writeAtomic } from '../../src-main/files/write-atomic.ts'
import { failing } from './failing-disk.ts'

const text = (...words: string[]): Uint8Array[] => words.map((word) => new TextEncoder().encode(word))

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'basil-write-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

test('writes all chunks and leaves nothing else behind', async () => {
  const here = folder()
  await writeAtomic(join(here, 'a'), text('one ', 'two ', 'three'), { overwrite: false })
  expect(readFileSync(join(here, 'a'), 'utf8')).toBe('one two three')
  expect(readdirSync(here)).toEqual(['a'])
})

test('a name as long as names can be is written', async () => {
  const here = folder()
  await writeAtomic(join(here, 'n'.repeat(255)), text('x'), { overwrite: false })
  expect(readdirSync(here)).toHaveLength(1)
})

test('an existing file stays as it is unless overwriting is asked for', async () => {
  const here = folder()
  writeFileSync(join(here, 'a'), 'old')
  await expect(writeAtomic(join(here, 'a'), text('new'), { overwrite: false })).rejects.toMatchObject({
    record: { code: 'target-exists', where: join(here, 'a') },
  })
  expect(readFileSync(join(here, 'a'), 'utf8')).toBe('old')
  await writeAtomic(join(here, 'a'), text('new'), { overwrite: true })
  expect(readFileSync(join(here, 'a'), 'utf8')).toBe('new')
})

test('a file that comes while writing is not overwritten either', async () => {
  const here = folder()
  function* chunks(): Generator<Uint8Array> {
    yield* text('new')
    writeFileSync(join(here, 'a'), 'came meanwhile')
  }
  await expect(writeAtomic(join(here, 'a'), chunks(), { overwrite: false })).rejects.toMatchObject({
    record: { code: 'target-exists' },
  })
  expect(readFileSync(join(here, 'a'), 'utf8')).toBe('came meanwhile')
  expect(readdirSync(here)).toEqual(['a'])
})

test('what the chunks or the check throw ends it, with the old file intact', async () => {
  const here = folder()
  writeFileSync(join(here, 'a'), 'old')
  function* broken(): Generator<Uint8Array> {
    yield* text('new')
    throw new Error('no more')
  }
  await expect(writeAtomic(join(here, 'a'), broken(), { overwrite: true })).rejects.toThrow('no more')
  const verify = async (written: string): Promise<void> => {
    expect(readFileSync(written, 'utf8')).toBe('new')
    throw new Error('not as it should be')
  }
  await expect(writeAtomic(join(here, 'a'), text('new'), { overwrite: true, verify })).rejects.toThrow(
    'not as it should be',
  )
  expect(readFileSync(join(here, 'a'), 'utf8')).toBe('old')
  expect(readdirSync(here)).toEqual(['a'])
})

test("a folder that is missing, or is a file's name, is refused by name", async () => {
  const here = folder()
  mkdirSync(join(here, 'taken'))
  for (const target of [join(here, 'no', 'a'), join(here, 'taken')])
    await expect(writeAtomic(target, text('x'), { overwrite: true })).rejects.toMatchObject({
      record: { code: 'target-unwritable', where: target },
    })
})

test.for(['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EIO'])('%s names the file and says what to do', async (code) => {
  const here = folder()
  const thrown = await writeAtomic(join(here, 'a'), text('x'), {
    overwrite: true,
    disk: failing(2, code, 'once').disk,
  }).catch((error: unknown) => error)
  expect(thrown).toBeInstanceOf(BasilError)
  const { record } = thrown as BasilError
  expect(record).toMatchObject({
    code: ['ENOSPC', 'EDQUOT'].includes(code) ? 'disk-full' : 'target-unwritable',
    where: join(here, 'a'),
  })
})

test.for([
  ['once', true],
  ['once', false],
  ['for good', true],
  ['for good', false],
] as const)(
  'when the n-th operation of the disk fails %s (overwriting: %s), the target is absent, old or whole for every n',
  async ([how, overwrite]) => {
    let n = 0
    for (; ; n++) {
      const here = folder()
      if (overwrite) writeFileSync(join(here, 'a'), 'old')
      const tried = failing(n, 'EIO', how)
      const outcome = await writeAtomic(join(here, 'a'), text('new ', 'content'), { overwrite, disk: tried.disk }).then(
        () => 'written',
        () => 'refused',
      )
      const found = readdirSync(here).includes('a') ? readFileSync(join(here, 'a'), 'utf8') : 'absent'
      expect(['new content', overwrite ? 'old' : 'absent']).toContain(found)
      if (outcome === 'written') expect(found).toBe('new content')
      // a disk that is gone for good cannot be tidied
      if (how === 'once') expect(readdirSync(here).filter((name) => name !== 'a')).toEqual([])
      if (!tried.hit()) break
    }
    console.log(`writeAtomic: operations=${n} fails=${how} overwrite=${overwrite}`)
    expect(n).toBeGreaterThanOrEqual(7)
  },
)
