// Whoever is asked to report something is told how, and where the log lies: the words are reported()'s of
// contract/errors.ts, and nobody writes others. The terminal says which file it is, an error's note in the window too.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import ts from 'typescript'
import { expect, it } from 'vitest'

import { isToBeReported, recordOf, reported } from '../../src-main/contract/errors.ts'
import { messageInvalid } from '../../src-main/contract/wire/errors-over-rpc.ts'
import { cannotStart } from '../../src-main/workbench/reading/refusals.ts'

const root = join(import.meta.dirname, '../..')

const words = /\breport (it|this|that|them)\b|\b(with|send|attach) the log\b/i

/** Texts in which somebody is asked to report something, by words of their own. */
function asking(file: string, text: string): string[] {
  if (!words.test(text)) return []
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    const said = ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) ? node.getText(source) : ''
    if (words.test(said)) found.push(`${file}: ${said}`)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

it('every sentence that asks for a report is made by reported()', () => {
  const files = ['src-main', 'src-renderer'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
  const sources = files.filter((file) => /\.(ts|svelte)$/.test(file) && file !== 'src-main/contract/errors.ts')
  expect(sources.length).toBeGreaterThan(800)
  expect(sources.flatMap((file) => asking(file, readFileSync(join(root, file), 'utf8')))).toEqual([])
  expect(asking('a.ts', `fail({ next: 'report it with the log' })`)).toHaveLength(1)
})

it.each([
  ['a fault of ours', recordOf(new Error('x'))],
  ['a message without form', messageInvalid('', '')],
  ['a reader that cannot start', cannotStart('').record],
  ['words alone', reported('')],
])('%s says what packs the report, and where the log is, for a terminal and for a window', (_, steps) => {
  expect(steps.next).toMatch(
    /report it with what "basil report" packs; the log is in the folder logs of the data folder$/,
  )
  expect(steps.inWindow).toMatch(
    /report it with what Report a problem in the help packs; the log is in the folder logs of the data folder$/,
  )
  expect(isToBeReported(steps)).toBe(true)
})
