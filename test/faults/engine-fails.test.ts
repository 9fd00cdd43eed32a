// The promise R16: an engine that ends, has no memory, hangs, floods its outputs or has a bad addon takes nothing with
// it. The workbench lives, the cause is named, and the run ends with the bits of one that nothing happened to. That a
// device is lost at operation n is device.test.ts's; that no more than three engines are started in a row without a
// kept epoch, and then a person is asked, engine-misbehaves.test.ts's.
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { RunId } from '../../src-main/contract/branded.ts'
import type { RunEvent } from '../../src-main/contract/run/run.ts'
import { forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { patience } from '../../src-main/workbench/link/heartbeat.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { started } from '../bundles.ts'
import { goldenConfig } from '../golden/fixture.ts'
import { bitsOf, follow, temporaryFolder, toyConfig, toyEntry, toyWorkbench } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { countOf, seedOf, tell } from './promises.ts'
import { seeded } from './seeded.ts'

const times = countOf('R16')
const config = toyConfig({ epochs: 4 })
const door = started('src-main/worker/door.ts')

interface Way {
  how?: NonNullable<Toy['fault']>['how']
  flood?: true
  cause?: RegExp // in what is told of the engine's end
  isAsked?: true // the run waits for a person
}

const ways: Record<string, Way> = {
  'abort()': { how: 'abort', cause: /SIGABRT/ },
  SIGSEGV: { how: 'segv', cause: /SIGSEGV/ },
  'heap out of memory': { how: 'heap', cause: /heap out of memory/ },
  'an allocation that the system refuses': { how: 'native', cause: /allocation failed/i, isAsked: true },
  'a step that hangs': { how: 'spin', cause: /did not answer/ },
  'a flood of words': { flood: true },
}

/** A Node whose heap is small, for whoever is to fill it. */
function smallNode(): string {
  const file = join(temporaryFolder(), 'node')
  writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" --max-old-space-size=96 "$@"\n`)
  chmodSync(file, 0o755)
  return file
}

/** Its causes as they were told. once: a file that is there when it has happened; a busy engine is silent before. */
async function toTheEnd(workbench: Workbench, run: RunId, way: Way, once: string): Promise<string[]> {
  const causes: string[] = []
  let isAsked = false
  const hear = (event: RunEvent): void => {
    if (event.type === 'engine-silent' && event.error && existsSync(once) && !isAsked)
      isAsked = workbench.engine.restart()
    if (event.type === 'engine-lost' && event.restarting) causes.push(event.error.why)
    if (event.type === 'ended' && event.error) causes.push(event.error.why)
  }
  await follow(workbench, run, hear)
  if (way.isAsked) {
    expect(workbench.runs.show(run).state).toBe('interrupted')
    await workbench.runs.resume(run)
    await follow(workbench, run, hear)
  }
  return causes
}

test.each(Object.entries(ways))(
  '%s: the workbench lives, the cause is named, the bits are the same',
  async (name, way) => {
    const began = performance.now()
    const seed = seedOf(1616)
    const chance = seeded(seed)
    let toy: Toy = {}
    const program = way.how === 'heap' ? smallNode() : process.execPath
    const waits = way.how === 'spin' ? { process: 60_000, step: 1500 } : {}
    const workbench = await toyWorkbench(
      temporaryFolder(),
      (environment) => forkEngine(toyEntry, { ...environment, TOY: JSON.stringify(toy) }, program),
      true,
      { ...patience, ...waits },
    )
    const whole = await workbench.runs.start(config)
    await follow(workbench, whole)
    const unbroken = JSON.stringify(bitsOf(workbench, whole))
    const found = { lost: 0, differ: 0 }
    for (let n = 0; n < times; n++) {
      const [stage, epoch] = [Math.floor(chance() * 3), 1 + Math.floor(chance() * 3)]
      const once = join(workbench.home, `happened-${n}`)
      toy = way.how ? { fault: { stage, epoch, how: way.how, once } } : { flood: true }
      workbench.engine.restart() // the next engine is in that trouble
      const run = await workbench.runs.start(config)
      const causes = await toTheEnd(workbench, run, way, once)
      const isNamed = way.cause ? causes.length === 1 && way.cause.test(causes[0] ?? '') : causes.length === 0
      if (!isNamed || workbench.runs.show(run).state !== 'done') {
        console.log(name, causes)
        found.lost++
      }
      if (JSON.stringify(bitsOf(workbench, run)) !== unbroken) found.differ++
    }
    tell('R16', began, { count: times, ...found, seed })
    expect(found).toEqual({ lost: 0, differ: 0 })
  },
)

/** A library that Node loads, and that throws while it is. */
const throwing = `#include <stddef.h>
typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
int napi_throw_error(napi_env, const char *, const char *);
napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_throw_error(env, NULL, "this addon does not want to be loaded");
  return exports;
}`
const compiler = spawnSync('cc', ['--version']).status === 0

function addonOf(kind: string): string {
  const [source, addon] = [join(temporaryFolder(), 'bad.c'), join(temporaryFolder(), 'bad.node')]
  writeFileSync(addon, 'this is no library')
  if (kind === 'no library') return addon
  writeFileSync(source, throwing)
  execFileSync('cc', ['-shared', '-fPIC', source, '-o', addon])
  return addon
}

test.each([
  ['no library', /invalid ELF|file too short|not a mach-o|not a valid/i],
  ['one that throws', /does not want to be loaded/],
] as const)('an addon that is %s: the next engine serves, which says why', async (kind, why) => {
  if (kind === 'one that throws' && !compiler) return console.log('R16: SKIPPED, there is no C compiler')
  const began = performance.now()
  const golden = goldenConfig('cross-entropy', {
    ...{ method: 'atlas', start: undefined, iterations: undefined },
    ...{ batch: 48, microBatch: 48, steps: undefined, epochs: 1 },
  })
  const small = { ...golden, tasks: golden.tasks.slice(0, 1) }
  let addon = ''
  const workbench = await toyWorkbench(temporaryFolder(), (environment) =>
    forkEngine(door, { ...environment, BASIL_ENGINES: 'native-cpu,wasm', BASIL_ADDON: addon }),
  )
  const whole = await workbench.runs.start(small)
  await follow(workbench, whole)
  const bits = (run: RunId) => JSON.stringify(workbench.runs.coefficients(run, 0, 1))
  const found = { lost: 0, differ: 0 }
  addon = addonOf(kind)
  for (let n = 0; n < times; n++) {
    workbench.engine.restart()
    const run = await workbench.runs.start(small)
    await follow(workbench, run)
    const { state, engines } = workbench.runs.show(run)
    const engine = engines.at(-1)?.engine
    if (state !== 'done' || engine?.kind !== 'wasm' || !why.test(engine.reason)) {
      console.log(kind, state, engine)
      found.lost++
    }
    if (bits(run) !== bits(whole)) found.differ++
  }
  tell('R16', began, { count: times, ...found })
  expect(found).toEqual({ lost: 0, differ: 0 })
})
