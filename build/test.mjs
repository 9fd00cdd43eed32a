// npm test: build, check, every test; the last line is "N passed, N failed, N skipped", where a check that fails counts
// as a failed test. With arguments (npm test -- test/server) they go to vitest, and build alone comes before.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { build } from './build.mjs'
import { check } from './check.mjs'
import { root } from './sources.mjs'

const args = process.argv.slice(2)
const tally = { passed: 0, failed: 0, skipped: 0 }

try {
  await build()
} catch (error) {
  console.error(error.message)
  tally.failed += 1
}
if (args.length === 0) tally.failed += (await check()).length

const scratch = mkdtempSync(join(tmpdir(), 'basil-tally-'))
const file = join(scratch, 'tally.json')
const vitest = join('node_modules', 'vitest', 'vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, 'run', ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, BASIL_TALLY: file },
})
const counted = readTally()
for (const name of Object.keys(tally)) tally[name] += counted[name]
if (status !== 0 && counted.failed === 0) tally.failed += 1
rmSync(scratch, { recursive: true })

console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`)
process.exitCode = tally.failed === 0 ? 0 : 1

function readTally() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 0, skipped: 0 } // vitest ended before it had counted; its exit code says so
  }
}
