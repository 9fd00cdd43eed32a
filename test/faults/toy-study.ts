// A main process to be killed: starts or resumes a study with the toy engine and says on stdout, at once, when a run or
// an epoch is there.
import { writeSync } from 'node:fs'

import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import { forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { openWorkbench } from '../../src-main/workbench/workbench.ts'
import { toyEntry } from '../workbench/toy-run.ts'

const [home = '', known = '0', definition = '{}'] = process.argv.slice(2)
const say = (value: unknown): void => void writeSync(1, `${JSON.stringify(value)}\n`)

const workbench = await openWorkbench({ home, engine: () => forkEngine(toyEntry), resources: '', write: true })
const { studies } = workbench
const study =
  known === '0'
    ? await studies.start(JSON.parse(definition), (config) => resolveConfig(config, (path) => `/models/${path}`))
    : await studies.resume(Number(known))
say({ study })
const told = new Set<number>()
for await (const _ of studies.follow(study)) {
  const at = studies.show(study).runs.find(({ state }) => state === 'running')?.run
  if (at === undefined || at === null || told.has(at)) continue
  told.add(at)
  for await (const event of workbench.runs.watch(at)) if (event.type === 'epoch') say({ run: at })
}
if (studies.show(study).state === 'done') say({ done: true })
await workbench.close()
