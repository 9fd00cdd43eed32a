// The worked study's script on two tasks of small models, a step of everything: killed while it works, it goes on from
// what is done with the same command, makes nothing twice, and its page has every number.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { oneThread } from '../cli/terminal.ts'
import { smallProject } from './small-project.ts'

const script = join(import.meta.dirname, '../../build/study/worked.ts')

/** until: it is killed as soon as it prints this. */
async function study(
  out: string,
  more: readonly string[],
  until?: RegExp,
): Promise<{ code: number | null; text: string }> {
  const args = [script, '--out', out, '--page', join(out, 'study.md'), '--seeds', '1', '--kinds', 'standard', '--small']
  const child = spawn(process.execPath, [...args, ...more], { env: { ...process.env, ...oneThread } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  const heard = (chunk: Buffer): void => {
    text += chunk
    if (until?.test(text)) child.kill('SIGKILL')
  }
  child.stdout.on('data', heard)
  child.stderr.on('data', heard)
  const [code] = await once(child, 'close')
  return { code, text }
}

test('killed in the middle, it goes on to the whole page', async () => {
  const out = mkdtempSync(join(tmpdir(), 'basil-study-'))
  onTestFinished(() => rmSync(out, { recursive: true, force: true }))
  writeFileSync(join(out, 'project.json'), JSON.stringify(smallProject))

  const first = await study(out, [], /\] standard: merges/)
  expect(first.code).toBeNull()
  const second = await study(out, [])
  expect([second.code, second.text]).toEqual([0, expect.stringMatching(/^\d+ of \d+ steps were done before/)])
  expect(second.text).not.toContain('fine-tuned') // before it was killed
  const page = readFileSync(join(out, 'study.md'), 'utf8')
  expect(page).toMatch(/^\| standard \| 1 \| 14 of 14 \| 2 \|/m)
  for (const start of ['TIES', 'TSV-M', 'Iso-C', 'aTLAS'])
    expect(page).toMatch(new RegExp(`\\| ${start} \\| 1 \\| [\\d.]+ \\| [\\d.]+ \\| [\\d.]+ \\| [\\d.]+ \\|`))

  const third = await study(out, ['--tables'])
  expect(third.code).toBe(0)
  expect(readFileSync(join(out, 'study.md'), 'utf8')).toBe(page)
})
