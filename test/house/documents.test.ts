// The documents do not lie: a source that one names is there, as is a script and what a link leads to. A path may be
// short, as `runs/run.ts` is for src-main/engine/runs/run.ts: it is the end of one that is there.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'

import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const sources = ['docs', 'src-main', 'src-renderer', 'test', 'build', 'resources', 'findings', '.ci']
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** Files and folders of ours, each with / before it. */
const there = [
  ...readdirSync(root),
  ...sources.flatMap((folder) => [
    folder,
    ...readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  ]),
].map((path) => `/${path.split(sep).join('/')}`)

/** What stands in backticks and looks like a source or a folder of ours; NNNN stands for a number. */
function pathsIn(text: string): string[] {
  const quoted = [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word)
  return quoted.filter(
    (word) =>
      /^[\w.-]+(\/[\w.-]+)*\/?$/.test(word) &&
      (word.includes('/') || /\.(ts|mjs|svelte|sql)$/.test(word)) &&
      !/NNNN|^out\//.test(word),
  )
}

const isThere = (path: string): boolean => {
  const end = `/${path.replace(/\/$/, '')}`
  return there.some((known) => known.endsWith(end))
}

const guides = readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : []))

describe.each(['ARCHITECTURE.md', 'DECISIONS.md', 'README.md', 'CONTRIBUTING.md', ...guides])('%s', (name) => {
  const text = readFileSync(join(root, name), 'utf8')

  it('names sources that are there', () => {
    const named = [...new Set(pathsIn(text))]
    if (!guides.includes(name)) expect(named.length).toBeGreaterThan(5)
    expect(named.filter((path) => !isThere(path))).toEqual([])
  })

  it('names scripts that npm knows', () => {
    const named = [...text.matchAll(/\bnpm run (?:-s )?([a-z][\w:-]*)/g)].map(([, script = '']) => script)
    expect(named.filter((script) => !(script in scripts))).toEqual([])
  })

  it('links to what is there', () => {
    const linked = [...text.matchAll(/\]\(([^)#]+)\)/g)].flatMap(([, to = '']) => (/^\w+:/.test(to) ? [] : [to]))
    expect(linked.filter((to) => !existsSync(join(root, dirname(name), to)))).toEqual([])
  })
})

it('finds a path that is not there, whole or short, and knows the ends of those that are', () => {
  const here = relative(root, import.meta.filename)
    .split(sep)
    .join('/')
  expect(pathsIn('`src-main/engine/nothing.ts`, `a b/c.ts`, `nowhere.ts`, `config.json`, `x/NNNN-y.sql`')).toEqual([
    'src-main/engine/nothing.ts',
    'nowhere.ts',
  ])
  expect(['src-main/engine/nothing.ts', 'nowhere.ts', 'ments.test.ts'].filter(isThere)).toEqual([])
  expect([here, 'house/documents.test.ts', 'documents.test.ts', 'house/'].every(isThere)).toBe(true)
})
