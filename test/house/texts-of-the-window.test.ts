// What the window may show never sends a person to a terminal: a text that names a command or an option of it stands
// beside the words that a window has in its place (ErrorRecord.inWindow). Every text of src-main but those of its
// doors, and every one of the renderer, is looked at.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import ts from 'typescript'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const commands =
  /\bbasil (run|resume|demo|runs|show|export|inspect|serve|doctor|report|convert|diff|merge|verify|library|data|refine|study|eval|queue|history|heads|engine|bench|schema|methods|preset|bases|cluster)\b|\bnpm (run|ci|start|install)\b|\bapt(-get)? install\b|\bnvidia-smi"|\s\(?--[a-z]{3,}\b/
const doors = /^(cli\.ts$|cli\/|bench\/|main\.ts$)/
/** Said where no window is open, each with why. */
const elsewhere = new Set([
  'server/pages.ts', // the pages are not there: nothing is shown
  'workbench/clusters/program.ts', // the script that starts Node on a cluster
  'workbench/clusters/slurm/probe.ts', // scripts for a shell on a cluster
  'workbench/clusters/slurm/script.ts',
  'workbench/evaluations/report/style.ts', // the variables of a style sheet
  'workbench/native/pip.ts', // options of pip's own file
])

/** Texts of a source that name a command, with no words for a window in the object around. */
function found(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const lines: string[] = []
  const visit = (node: ts.Node, isSaid: boolean): void => {
    const said =
      isSaid ||
      (ts.isObjectLiteralExpression(node) && node.properties.some((one) => one.name?.getText(source) === 'inWindow'))
    const words = ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) ? node.getText(source) : ''
    if (!said && / /.test(words) && commands.test(words)) lines.push(`${file}: ${words.slice(0, 120)}`)
    else ts.forEachChild(node, (child) => visit(child, said))
  }
  visit(source, false)
  return lines
}

const filesOf = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'))

it('finds a text that names a command, unless the window has words of its own', () => {
  expect(found('a.ts', `fail({ next: 'see "basil runs"' })`)).toHaveLength(1)
  expect(found('a.ts', `fail({ next: 'see "basil runs"', inWindow: 'see History' })`)).toEqual([])
  expect(found('a.ts', `fail({ next: \`name it: --pretrained \${a}\` })`)).toHaveLength(1)
})

it('no error that may reach a window sends a person to a terminal', () => {
  const files = filesOf('src-main').filter(
    (file) => file.endsWith('.ts') && !doors.test(file) && !elsewhere.has(file) && !file.includes('wasm/assembly'),
  )
  expect(files.length).toBeGreaterThan(400)
  expect(files.flatMap((file) => found(file, readFileSync(join(root, 'src-main', file), 'utf8')))).toEqual([])
})

it('no page, button or hint of the window does', () => {
  const files = filesOf('src-renderer').filter((file) => /\.(ts|svelte)$/.test(file))
  const scripts = files.filter((file) => file.endsWith('.ts'))
  expect(scripts.flatMap((file) => found(file, readFileSync(join(root, 'src-renderer', file), 'utf8')))).toEqual([])
  const markup = files.filter((file) => file.endsWith('.svelte'))
  const naming = markup.filter((file) => {
    const text = readFileSync(join(root, 'src-renderer', file), 'utf8').replaceAll(
      /\/\/.*|<!--[\s\S]*?-->|<style>[\s\S]*/g,
      '',
    )
    return /\bbasil (runs?|show|engine|schema|doctor|queue|history|merge|serve)\b|\bnpm (run|start|ci)\b/.test(text)
  })
  expect(naming).toEqual([])
})
