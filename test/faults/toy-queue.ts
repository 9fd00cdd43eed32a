// A main process to be killed: asks for the runs that its queue lacks, lets what was interrupted go on, and works on
// the queue. It says on stdout, at once, what was asked for and what is told of each run.

import { writeSync } from 'node:fs'

import type { RunId } from '../../src-main/contract/branded.ts'
import { forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { openWorkbench } from '../../src-main/workbench/workbench.ts'
import { toyConfig, toyEntry } from '../workbench/toy-run.ts'

const [home = '', names = ''] = process.argv.slice(2)
const say = (value: unknown): void => void writeSync(1, `${JSON.stringify(value)}\n`)

const workbench = await openWorkbench({ home, engine: () => forkEngine(toyEntry), resources: '', write: true })
const { jobs, runs } = workbench
const watch = async (run: RunId): Promise<void> => {
  for await (const event of runs.watch(run)) say({ run, told: event.type })
}
for (const { job, state } of jobs.list()) if (state === 'interrupted') jobs.retry(job)
jobs.work('all')
const known = jobs.list()
const watched = known.flatMap(({ run, state }) => (run === null || state === 'done' ? [] : [watch(run)]))
for (const name of names.split(',').filter((one) => !known.some(({ title }) => title === one))) {
  const run = await runs.start(toyConfig({ name, iterations: 1, epochs: 4 }))
  say({ asked: name, run })
  watched.push(watch(run))
}
await jobs.quiet()
await Promise.all(watched)
say({ done: true })
await workbench.close()
