// Measures this machine: coefficient steps on every engine against PyTorch where it is, and the merge of checkpoints
// from disk. Slow figures are figures; only a wrong gradient, or a case that could not be measured, is a failure.
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { print, printJson } from '../cli/output.ts'
import { clearLive, sayLive } from '../cli/terminal.ts'
import { recordOf } from '../contract/errors.ts'
import { adamwSpeed } from './adamw-speed.ts'
import {
  adamwCases,
  dataWaitCases,
  type EngineKind,
  linearisedCases,
  mergeCase,
  mixCases,
  type StepCase,
  stepCases,
  tuningCases,
} from './cases.ts'
import { compareStep } from './compare.ts'
import { findPeer, machine, ourSide, type Peer } from './machine.ts'
import { mergeSpeed } from './merge-speed.ts'
import { dataWaitSchema, linearisedSchema, mixSchema, type Opening, sideSchema } from './protocol.ts'
import {
  adamwLines,
  type Bench,
  dataWaitLines,
  headLines,
  linearisedLines,
  mergeLines,
  mixLines,
  stepLines,
  tuningLines,
} from './report.ts'
import { scratchFiles } from './scratch.ts'
import { tuningSpeed } from './tuning-speed.ts'

export interface BenchOptions {
  json: boolean
  only: string
  rounds: number
  peer: boolean // compare with PyTorch where it is
  python: string | null
  scratch: string | null // a folder whose files are kept and used again
  basil: string
  environment: NodeJS.ProcessEnv // of the engine's processes: which addon, which devices
  checkout: string // the folder with test/bench
  records: string // the folder that gets one JSON document a benchmark
}

/** True when every gradient was right and every case was measured. */
export async function bench(options: BenchOptions): Promise<boolean> {
  mkdirSync(options.records, { recursive: true })
  const folder = options.scratch ?? (await mkdtemp(join(options.records, 'scratch-')))
  try {
    const result = await measureAll(options, folder)
    const record = join(options.records, `${result.date.replaceAll(':', '-')}.json`)
    writeFileSync(record, `${JSON.stringify(result, null, 2)}\n`, { flag: 'wx' })
    clearLive()
    if (options.json) printJson(result)
    else tell(result, record)
    return (
      [...result.steps, ...result.tuning].every((s) => s.problem === '') &&
      result.linearised.every((l) => l.disagreement <= 1e-4)
    )
  } finally {
    if (!options.scratch) await rm(folder, { recursive: true })
  }
}

function tell(result: Bench, record: string): void {
  const { steps, merge, linearised, dataWait, mix, adamw, tuning } = result
  const tables = [
    steps.length ? stepLines(steps) : [],
    mergeLines(merge),
    linearisedLines(linearised),
    dataWaitLines(dataWait),
    mixLines(mix),
    adamwLines(adamw),
    tuningLines(tuning),
  ]
  const parts = [headLines(result), ...tables.filter((lines) => lines.length > 0), [record]]
  print(parts.map((lines) => lines.join('\n')).join('\n\n'))
}

async function measureAll(
  { json, only, rounds, environment, ...options }: BenchOptions,
  folder: string,
): Promise<Bench> {
  const say = json ? () => undefined : sayLive
  const script = join(options.checkout, 'test', 'bench', 'peer.py')
  const peer: Peer = options.peer
    ? findPeer(script, options.python, join(options.records, 'venv'), environment)
    : { start: null, said: 'PyTorch was not asked for' }
  const [steps, linear, waits, mixes] = [stepCases(only), linearisedCases(only), dataWaitCases(only), mixCases(only)]
  const [optimisers, tunings] = [adamwCases(only), tuningCases(only)]
  const engines = await Promise.all(
    [...new Set([...steps, ...linear, ...waits, ...mixes, ...optimisers, ...tunings].map((c) => c.engine))].map(
      (engine) => engineHere(engine, environment),
    ),
  )
  const isHere = ({ engine }: StepCase): boolean => engines.some((e) => e.engine === engine && e.here)
  const filesOf = async (c: StepCase) => {
    say(`${c.name}: making its files`)
    const files = await scratchFiles(folder, c.model, c.shape, c.vectors, c.batch)
    say(`${c.name}: ${rounds} rounds`)
    return { ...files, precision: c.precision }
  }
  const result: Bench = {
    type: 'bench',
    basil: options.basil,
    date: new Date().toISOString(),
    machine: await machine(),
    versions: { node: process.versions.node, ...Object.assign({}, ...engines.map((e) => e.versions)) },
    engines: engines.map((e) => e.said),
    peer: peer.said,
    steps: [],
    merge: null,
    linearised: [],
    dataWait: [],
    mix: [],
    adamw: [],
    tuning: [],
  }
  for (const c of steps.filter(isHere)) {
    const found = await compareStep(c, await filesOf(c), peer, environment, rounds)
    result.steps.push(found)
    clearLive()
    if (!json) print(stepLines([found]).at(-1) as string)
  }
  for (const c of linear.filter(isHere))
    result.linearised.push(await linearisedEpochs(c, await filesOf(c), environment, rounds))
  for (const c of waits.filter(isHere))
    result.dataWait.push(await dataWaits(c, await filesOf({ ...c, batch: 1 }), folder, environment, rounds))
  for (const c of mixes.filter(isHere)) result.mix.push(await mixed(c, options.checkout, filesOf, environment, rounds))
  for (const c of optimisers.filter(isHere)) {
    say(`${c.name}: ${rounds} rounds`)
    result.adamw.push(await adamwSpeed(c, peer, environment, rounds))
  }
  for (const c of tunings.filter(isHere))
    result.tuning.push(await tuningSpeed(c, await filesOf(c), peer, { folder, environment, rounds }))
  const merge = mergeCase(only)
  if (merge) {
    say(`${merge.name}: making its files`)
    const files = await scratchFiles(folder, merge.model, merge.shape, merge.vectors, 0)
    say(`${merge.name}: ${rounds} rounds`)
    result.merge = await mergeSpeed(merge.name, folder, files, rounds)
  }
  return result
}

async function linearisedEpochs(c: StepCase, files: Opening, environment: NodeJS.ProcessEnv, rounds: number) {
  const side = ourSide(c.engine, environment)
  try {
    return { name: c.name, ...(await side.ask({ do: 'linearised', rounds, ...files }, linearisedSchema)) }
  } finally {
    side.end()
  }
}

async function dataWaits(c: StepCase, files: Opening, folder: string, environment: NodeJS.ProcessEnv, rounds: number) {
  const side = ourSide(c.engine, environment)
  const photographs = join(folder, `photographs-${2 * c.batch}`)
  try {
    return {
      name: c.name,
      ...(await side.ask({ do: 'data-wait', rounds, batch: c.batch, photographs, ...files }, dataWaitSchema)),
    }
  } finally {
    side.end()
  }
}

async function mixed(
  c: ReturnType<typeof mixCases>[number],
  checkout: string,
  filesOf: (c: StepCase) => Promise<Opening>,
  environment: NodeJS.ProcessEnv,
  rounds: number,
) {
  const side = ourSide(c.engine, environment)
  try {
    const { linearised } = c
    const files =
      c.model === 'sample' ? sampleFiles(join(checkout, 'resources', 'sample')) : await scratchTasks(c, filesOf)
    const changes = c.model === 'b32' ? rounds : 10 * rounds // where one is quick, its tail is what is felt
    return { name: c.name, ...(await side.ask({ do: 'mix', rounds: changes, linearised, ...files }, mixSchema)) }
  } finally {
    side.end()
  }
}

function sampleFiles(folder: string) {
  const names = ['mnist', 'fashion', 'digits', 'emoji', 'glyphs']
  const at = join(folder, 'tasks.safetensors')
  return {
    pretrained: join(folder, 'pretrained.safetensors'),
    vectors: names.map((name) => join(folder, `finetuned-${name}.safetensors`)),
    tasks: names.map((name) => ({ name, data: `${at}#${name}.validation`, head: `${at}#head.${name}` })),
  }
}

async function scratchTasks(c: StepCase, filesOf: (c: StepCase) => Promise<Opening>) {
  const { pretrained, vectors, data } = await filesOf(c)
  return { pretrained, vectors, tasks: [{ name: 'bench', data: `${data}#bench`, head: `${data}#head.bench` }] }
}

interface EngineHere {
  engine: EngineKind
  here: boolean
  said: string // its name, or why it is not here
  versions: Record<string, string>
}

async function engineHere(engine: EngineKind, environment: NodeJS.ProcessEnv): Promise<EngineHere> {
  const side = ourSide(engine, environment)
  try {
    const { name, versions } = await side.ask({ do: 'describe' }, sideSchema)
    return { engine, here: true, said: name, versions }
  } catch (error) {
    return { engine, here: false, said: `no ${engine} engine: ${recordOf(error).why}`, versions: {} }
  } finally {
    side.end()
  }
}
