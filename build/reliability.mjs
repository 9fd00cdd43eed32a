// npm run reliability [-- --night] [-- --readme] [-- R5 R18]: the promises R1 to R24 (test/faults/promises.ts), each
// tried as often as its row asks, and their table; --night: as often as before a release. Ids after it: these alone.
// The table goes to out/reliability.md; with --readme its rows take the place of the README's, which keeps its others.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'

import { build } from './build.mjs'
import { root } from './sources.mjs'

const args = process.argv.slice(2)
const unknown = args.find((arg) => !/^(R\d+|--night|--readme)$/.test(arg))
if (unknown !== undefined) {
  console.error(`"${unknown}" is not known here. npm run reliability [-- --night] [-- --readme] [-- R5 R18]`)
  process.exit(2)
}
const only = args.filter((arg) => /^R\d+$/.test(arg))
const all = Array.from({ length: 24 }, (_, i) => `R${i + 1}`)
const ids = all.filter((id) => only.length === 0 || only.includes(id))
const files = readdirSync(join(root, 'test'), { recursive: true })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('test', name))
  .filter((name) => {
    const text = readFileSync(join(root, name), 'utf8')
    return /from '[./a-z]*\/promises\.ts'/.test(text) && ids.some((id) => text.includes(`'${id}'`))
  })

await build()
const scratch = mkdtempSync(join(tmpdir(), 'basil-promises-'))
const lines = join(scratch, 'promises.jsonl')
writeFileSync(lines, '')
const began = performance.now()
const vitest = join('node_modules', 'vitest', 'vitest.mjs')
const hours = `--testTimeout=${12 * 3_600_000}` // a count takes as long as it takes
const { status } = spawnSync(process.execPath, [vitest, 'run', hours, ...files], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, BASIL_COUNTS: args.includes('--night') ? 'night' : 'full', BASIL_PROMISES: lines },
})
const minutes = (performance.now() - began) / 60_000
const seen = readFileSync(lines, 'utf8').trim().split('\n').filter(Boolean).map(JSON.parse)
rmSync(scratch, { recursive: true })

const day = new Date().toISOString().slice(0, 10)
const head =
  '| | tried by | count | lost | differ | seconds | on | besides |\n| --- | --- | ---: | ---: | ---: | ---: | --- | --- |'
const rows = new Map(ids.map((id) => [id, row(id)]))
const table = [head, ...rows.values()].join('\n')
const machine = `${day}, Node ${process.versions.node} on ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}): ${minutes.toFixed(1)} minutes.`
console.log(`\n${table}\n\n${machine}`)
mkdirSync(join(root, 'out'), { recursive: true })
writeFileSync(join(root, 'out', 'reliability.md'), `${table}\n\n${machine}\n`)
if (args.includes('--readme')) intoReadme()
const kept = ids.every((id) => seen.some((one) => one.id === id)) && seen.every((one) => one.lost + one.differ === 0)
process.exitCode = status === 0 && kept ? 0 : 1

/** Tests of one promise add up; one that told nothing has an empty row, and the command fails. */
function row(id) {
  const own = seen.filter((one) => one.id === id)
  if (own.length === 0) return `| ${id} | nothing told | | | | | ${day} | |`
  const sum = (key) => own.reduce((total, one) => total + one[key], 0)
  const besides = own.flatMap(({ besides }) => besides ?? []).join('; ')
  const figures = [sum('count'), sum('lost'), sum('differ'), sum('seconds').toFixed(0)]
  return `| ${id} | ${own[0].name} | ${figures.join(' | ')} | ${day} | ${besides} |`
}

function intoReadme() {
  const path = join(root, 'README.md')
  const text = readFileSync(path, 'utf8')
  const [begin, end] = ['<!-- promises -->', '<!-- /promises -->']
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`The README has no ${begin} … ${end}`)
  const before = text.slice(from, to).split('\n')
  const lines = all.flatMap((id) => rows.get(id) ?? before.find((line) => line.startsWith(`| ${id} |`)) ?? [])
  writeFileSync(path, `${text.slice(0, from + begin.length)}\n${[head, ...lines].join('\n')}\n${text.slice(to)}`)
}
