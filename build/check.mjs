// Everything about the code that a machine can judge, in one command and one line each: types, lint and format, the
// order of the rooms, nothing unused, and the ratchets. All are run; the exit code is 1 when any failed.
// Use: npm run check
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { root } from './sources.mjs'

const bin = (path) => join('node_modules', path)
// A region that scrolls must take the keyboard's focus, and a chart answers the pointer; axe judges both in the browser
// test.
const scrollable = 'a11y_no_noninteractive_tabindex:ignore,a11y_no_noninteractive_element_interactions:ignore'
// TypeScript 7 judges the sources, five times as fast; what needs the compiler's interface, which 7 has not, uses 6.
const checks = [
  ['types', [bin('@typescript/native/bin/tsc'), '-p', 'tsconfig.json']],
  [
    'types of the renderer',
    [
      bin('svelte-check/bin/svelte-check'),
      '--tsconfig',
      'src-renderer/tsconfig.json',
      '--output',
      'human',
      '--fail-on-warnings',
      '--compiler-warnings',
      scrollable,
    ],
  ],
  [
    'lint and format',
    [
      bin('@biomejs/biome/bin/biome'),
      'check',
      '--reporter=github',
      '--max-diagnostics=none',
      '--error-on-warnings',
      '.',
    ],
  ],
  [
    'order of the rooms',
    [bin('dependency-cruiser/bin/dependency-cruiser.mjs'), '--config', 'build/cruiser.mjs', 'src-main', 'src-renderer'],
  ],
  ['nothing unused', [bin('knip/bin/knip.js'), '--config', 'build/knip.json', '--no-progress', '--no-config-hints']],
  ['ratchets', ['build/ratchets.mjs']],
]

const most = 80 // lines shown of a failed check

/** Names of the checks that failed. Two run at a time; what a failed one said is printed under its line. */
export async function check() {
  const failed = []
  const waiting = [...checks]
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, args] = next
      const began = performance.now()
      const { code, output } = await run(args)
      const line = `${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`
      console.log(code === 0 ? `ok      ${line}` : `FAILED  ${line}\n${shown(output)}`)
      if (code !== 0) failed.push(name)
    }
  }
  await Promise.all([worker(), worker()])
  console.log(
    failed.length
      ? `check: ${failed.length} of ${checks.length} failed: ${failed.join(', ')}`
      : `check: all ${checks.length} passed`,
  )
  return failed
}

function shown(output) {
  // Biome's one line a finding: ::error title=RULE,file=FILE,line=N,...::MESSAGE
  const lines = output
    .trimEnd()
    .replace(/^::\w+ title=([^,]*),file=([^,]*),line=(\d+).*?::/gm, '$2:$3 $1: ')
    .replaceAll('Formatter would have printed the following content:', 'run "npm run format"')
    .split('\n')
  const more = lines.length > most ? [`(${lines.length - most} more lines)`] : []
  return [...lines.slice(0, most), ...more].map((line) => `        ${line}`).join('\n')
}

function run(args) {
  return new Promise((resolve) => {
    if (!existsSync(join(root, args[0])))
      return resolve({ code: 1, output: `${args[0]} is not installed: run "npm ci"` })
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    })
    let output = ''
    const keep = (data) => {
      output += data
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('close', (code) => resolve({ code, output }))
  })
}

if (process.argv[1] === import.meta.filename) process.exitCode = (await check()).length ? 1 : 0
