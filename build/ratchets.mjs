// Numbers that may only improve: each has its bar, measured over our own sources. A bar is lowered when the number
// falls, and never raised. Use: node build/ratchets.mjs
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

import ts from 'typescript'

import { filesOf, root } from './sources.mjs'

const bars = {
  'longest file, in lines': 300,
  'folders of one file': 0,
  'functions above 80 lines': 0,
  'lines of more than 120 characters, texts in quotes aside': 0,
  'duplicated six-line runs': 0,
  any: 0,
  'casts to number': 196,
  'lint and type checks switched off': 0,
  'files without a name of their own': 0,
  expectArraysClose: 0,
  'clocks that a test can fail by': 0,
}

const ours = filesOf('src-main', 'src-renderer', 'build', 'test', 'electron.vite.config.ts', 'vitest.config.ts').filter(
  (file) => /\.(ts|mjs|svelte|css)$/.test(file) && !file.includes('/engine/devices/wasm/assembly/'),
)
const self = 'build/ratchets.mjs'

/** [place, measure] of everything that counts towards a number. */
const findings = {
  'longest file, in lines': () => ours.map((file) => [file, linesOf(file).length - 1]),
  'folders of one file': () =>
    [...Map.groupBy(ours.filter(isSource), dirname)]
      .filter(([folder, files]) => files.length === 1 && !ours.some((file) => isBelow(folder, file)))
      .map(([folder]) => [folder, 1]),
  'functions above 80 lines': () => ours.filter(isSource).flatMap(longFunctions),
  'lines of more than 120 characters, texts in quotes aside': () =>
    ours.flatMap((file) => linesOf(file).flatMap((line, i) => (isWide(line) ? [[`${file}:${i + 1}`, 1]] : []))),
  'duplicated six-line runs': () => duplicates().map((place) => [place, 1]),
  any: () => matches(/(?<![\w.'"`])(as|:|<|,|\|)\s*any\b(?!\s+[a-z])/, (file) => /\.(ts|svelte)$/.test(file)),
  // Of an element that may be missing: at, byteAt and the kit of src-main/numbers/vectors.ts know without one.
  'casts to number': () => matches(/\bas number\b(?!\[)/, (file) => /^src-.*\.(ts|svelte)$/.test(file)),
  'lint and type checks switched off': () =>
    matches(/biome-ignore|eslint-disable|@ts-(ignore|nocheck|expect-error)|svelte-ignore|prettier-ignore/),
  'files without a name of their own': () =>
    ours.filter((file) => /^(utils?|helpers?|misc|common)\./.test(basename(file))).map((file) => [file, 1]),
  expectArraysClose: () => matches(/expectArraysClose/),
  // Limits under a minute and a test's own (test/patience.ts has them for all), the second that vi.waitFor waits, and
  // durations that must be short.
  'clocks that a test can fail by': () =>
    matches(
      /\btimeout: (?:[1-5]?\d_?)?\d{1,3}\b|setDefaultTimeout\([\d_]+\)|^\s*\}, \{? ?(timeout: )?[\d_]+ ?\}?\)$|\bvi\.waitFor\(|expect\([^)]*\b(ms|seconds|elapsed|wall|took|duration|slowest|longest|now\(\))[^)]*\)[^(]*\.toBeLess/,
      (file) => file.startsWith('test/'),
    ),
}

/** One line for each number over its bar, with where. */
export function ratchets() {
  const lines = []
  for (const [name, bar] of Object.entries(bars)) {
    const found = findings[name]()
    const summed = name !== 'longest file, in lines'
    const value = summed
      ? found.reduce((sum, [, count]) => sum + count, 0)
      : Math.max(0, ...found.map(([, count]) => count))
    const worst = summed ? found : found.filter(([, count]) => count > bar)
    if (value > bar)
      lines.push(
        `${name}: ${value}, at most ${bar}`,
        ...worst.map(([place, count]) => `  ${place}${summed ? '' : `: ${count}`}`),
      )
  }
  return lines
}

/** In a folder of that folder: its one file may be the front page of rooms. */
function isBelow(folder, file) {
  return dirname(file).startsWith(`${folder}/`)
}

function isSource(file) {
  return file.startsWith('src-')
}

const functionLines = 80

/** Of a source, or of a page's script. */
function longFunctions(file) {
  const whole = readFileSync(join(root, file), 'utf8')
  const script = file.endsWith('.svelte') ? (/<script[^>]*>([\s\S]*?)<\/script>/.exec(whole)?.[1] ?? '') : whole
  const source = ts.createSourceFile(file, script, ts.ScriptTarget.Latest, true)
  const lineOf = (at) => source.getLineAndCharacterOfPosition(at).line
  const found = []
  const visit = (node) => {
    const lines = lineOf(node.end) - lineOf(node.getStart(source)) + 1
    if (ts.isFunctionLike(node) && node.body && lines > functionLines)
      found.push([`${file}: ${node.name?.getText(source) ?? 'a function'}, ${lines} lines`, 1])
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** A text in quotes, or an expression in slashes, cannot be broken: what stands beside counts. */
function isWide(line) {
  if (line.length <= 120) return false
  const text = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|\/(?:[^/\\]|\\.)+\/[a-z]*|[\w+/=]{60,}/g
  const bare = line.replace(text, "''")
  return bare.length > 120 || bare.length === line.length
}

function linesOf(file) {
  return readFileSync(join(root, file), 'utf8').split('\n')
}

function matches(pattern, wanted = () => true) {
  return ours
    .filter((file) => file !== self && wanted(file))
    .flatMap((file) =>
      linesOf(file).flatMap((line, i) =>
        pattern.test(line.replace(/\/\/ .*(?<!ignore.*)$/, (c) => (/ignore|ts-/.test(c) ? c : '')))
          ? [[`${file}:${i + 1}`, 1]]
          : [],
      ),
    )
}

/**
 * Runs of six lines with code in them that stand in two places of the sources; imports and closing brackets do not
 * count.
 */
function duplicates() {
  const seen = new Map()
  const found = []
  for (const file of ours.filter(isSource)) {
    const lines = linesOf(file)
      .map((line, i) => [line.trim(), i + 1])
      .filter(([line]) => line.length > 3 && !/^(import|export \{|\/\/|\*|\/\*|\} from)/.test(line))
    let until = 0
    for (let i = 0; i + 6 <= lines.length; i += 1) {
      const run = lines.slice(i, i + 6)
      const key = run.map(([line]) => line).join('\n')
      const place = `${file}:${run[0][1]}`
      const other = seen.get(key)
      if (other === undefined) seen.set(key, place)
      else if (i >= until) {
        found.push(`${place} is ${other}`)
        until = i + 6
      }
    }
  }
  return found
}

if (process.argv[1] === import.meta.filename) {
  const lines = ratchets()
  for (const line of lines) console.log(line)
  process.exitCode = lines.length ? 1 : 0
}
