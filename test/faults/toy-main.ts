// A main process to be killed: starts or resumes a run with the toy engine and says on stdout, at once, what it is
// told.

import { writeSync } from 'node:fs'

import { runId } from '../../src-main/contract/branded.ts'
import { forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { openWorkbench } from '../../src-main/workbench/workbench.ts'
import { toyConfig, toyEntry } from '../workbench/toy-run.ts'

const [home = '', resumed] = process.argv.slice(2)
const say = (value: unknown): void => void writeSync(1, `${JSON.stringify(value)}\n`)

const engine = () => {
  const started = forkEngine(toyEntry)
  say({ type: 'engine', pid: started.pid })
  return started
}
const workbench = await openWorkbench({ home, engine, resources: '', write: true })
say({ type: 'interrupted', runs: workbench.interrupted })
const run = resumed
  ? await workbench.runs.resume(runId(Number(resumed)))
  : await workbench.runs.start(toyConfig({ iterations: 2, epochs: 6 }))
for await (const event of workbench.runs.watch(run)) say(event)
await workbench.close()
