// A main process that is killed in the middle of a study: nothing of it runs twice, nothing is left out, and its runs
// end with the bits of an unbroken study.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

import { expect, onTestFinished, test } from 'vitest'

import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import { started } from '../bundles.ts'
import { bitsOf, temporaryFolder, toyFile, toyWorkbench } from '../workbench/toy.ts'
import { seeded } from './seeded.ts'

const definition = {
  name: 'toys',
  config: toyFile,
  arms: [{ label: 'a' }, { label: 'b', change: { iterations: 1 } }],
  seeds: [5, 6],
}

test('kill -9 of the main process at any moment of a study: it is paused, goes on, and every run is done once with the same bits', async () => {
  const home = temporaryFolder()
  const chance = seeded(911)
  let kills = 0
  for (let study = 0; ; ) {
    const killAt = 1 + Math.floor(chance() * 6) // lines from now
    const main = startMain(home, study)
    let lines = 0
    let isDone = false
    for await (const line of main.lines) {
      if ('study' in line) study = line.study
      if ('done' in line) isDone = true
      if (++lines === killAt) main.child.kill('SIGKILL')
    }
    if (isDone) break
    kills++
    const reader = await toyWorkbench(home, undefined, false)
    const { state, runs } = reader.studies.show(study || 1)
    expect(state).toBe('paused')
    const begun = runs.map(({ run }) => run).filter((run) => run !== null)
    expect(new Set(begun).size).toBe(begun.length)
    // none that the study does not know
    expect(reader.runs.list({ offset: 0, limit: 99 }).total).toBe(begun.length)
    await reader.close()
    if (kills > 60) throw new Error('it does not get on')
  }
  const workbench = await toyWorkbench(home)
  const broken = workbench.studies.show(1)
  const whole = await workbench.studies.start(definition, (config) =>
    resolveConfig(config, (path) => `/models/${path}`),
  )
  for await (const _ of workbench.studies.follow(whole));
  const bits = (study: number) =>
    JSON.stringify(workbench.studies.show(study).runs.map(({ run }) => run && bitsOf(workbench, run)))
  expect(kills).toBeGreaterThanOrEqual(3)
  expect(broken).toMatchObject({ state: 'done', planned: 4, done: 4 })
  expect(bits(1)).toBe(bits(whole))
})

function startMain(
  home: string,
  study: number,
): { child: ChildProcess; lines: AsyncIterable<{ study: number } | { run: number } | { done: true }> } {
  const args = [started('test/faults/toy-study.ts'), home, String(study), JSON.stringify(definition)]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TOY: JSON.stringify({ wait: 50 }) },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  async function* lines() {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line)
  }
  return { child, lines: lines() }
}
