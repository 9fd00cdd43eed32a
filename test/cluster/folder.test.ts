// A study on a cluster that is a folder: its tasks are worked on by processes of their own, and come back as runs of
// this history with the bits of those that are made here, whatever happens to them on the way.
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'

import type { RunId } from '../../src-main/contract/branded.ts'
import { taskFolder } from '../../src-main/contract/clusters/task.ts'
import { answer } from '../../src-main/remote/answers.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { temporaryFolder, toyWorkbench } from '../workbench/toy.ts'
import { absoluteIn, bitsOfEither, modelsIn, thinProgram, toyClusters, toyStudy, untilOver } from './toy-cluster.ts'

const fixture = () => {
  const folder = temporaryFolder()
  return {
    folder,
    cluster: join(folder, 'cluster'),
    home: join(folder, 'a'),
    absolute: absoluteIn(modelsIn(join(folder, 'models'))),
  }
}

/** Of the same study, made here. */
async function bitsHere({ folder, absolute }: ReturnType<typeof fixture>, seeds: number[]): Promise<string[]> {
  const here = await toyWorkbench(join(folder, 'here'))
  const { runs } = await untilOver(here, await here.studies.start(toyStudy(seeds), absolute))
  return runs.map(({ run }) => bitsOfEither(here, run))
}

const bitsThere = (workbench: Workbench, study: number): string[] =>
  workbench.studies.show(study).runs.map(({ run }) => bitsOfEither(workbench, run))

const studyFolder = (workbench: Workbench, study: number): string => workbench.clusters.status(study)?.folder ?? ''
const taskOf = (workbench: Workbench, study: number, index: number): string =>
  join(studyFolder(workbench, study), 'tasks', taskFolder(index))

test('runs there are runs here, to the bits of those that are made here', async () => {
  const at = fixture()
  const there = await toyClusters({ home: at.home, folder: at.cluster })
  const study = await there.studies.start(toyStudy([1, 2]), at.absolute, 'toys')
  const over = await untilOver(there, study)
  expect(over).toMatchObject({ state: 'done', planned: 4, done: 4, error: null })
  const status = there.clusters.status(study)
  expect(status?.tasks.map(({ state, words }) => [state, words])).toEqual(Array(4).fill(['done', 'done']))
  expect(bitsThere(there, study)).toEqual(await bitsHere(at, [1, 2]))
  expect(bitsThere(there, study)[0]).toContain('coefficients')
  const detail = there.runs.show(over.runs[0]?.run as RunId)
  expect(detail.parents.map(({ file }) => file)).toEqual(
    ['base', 'cars', 'dtd'].map((name) => join(at.folder, 'models', `${name}.safetensors`)),
  )
  expect(detail.log?.some(({ what }) => what.startsWith('Worked on by'))).toBe(true)
  expect(there.jobs.list()[0]).toMatchObject({ kind: 'study', place: 'toys', needs: 'elsewhere', state: 'done' })
  expect(readdirSync(join(at.cluster, 'store'))).toHaveLength(5)
  expect(readdirSync(join(at.cluster, 'incoming'))).toEqual([])
  const results = join(studyFolder(there, study), 'results.csv')
  await there.close()
  const [heads, ...rows] = parse(readFileSync(results)) as string[][]
  expect(heads?.slice(9)).toEqual(['error', 'measured_on', 'accuracy cars', 'accuracy dtd'])
  expect(rows.map(([task, , seed, state]) => [task, seed, state].join(' '))).toEqual(
    over.runs.map(({ seed }, place) => `${place} ${seed} done`),
  )
  const scores = [detail.tasks['cars']?.accuracy, detail.tasks['dtd']?.accuracy].map(String)
  expect(rows[0]?.slice(9)).toEqual(['', detail.evaluatedOn, ...scores])
})

test('a task that is killed in the middle goes on to the same bits, and so does a study that was paused', async () => {
  const at = fixture()
  const marks = join(at.folder, 'killed')
  // each task is held where iteration 1 begins, and once its start has ended its own program is killed, once
  const kill = [
    `if [ "$1" = task ] && [ ! -e ${marks}-$3 ]; then export TOY="{\\"holds\\":{\\"stage\\":1,\\"until\\":\\"${marks}-$3\\"}}"; (`,
    `while ! grep -q '"type":"stage-end"' "$2"/tasks/000$3/events-0000.jsonl 2>/dev/null; do sleep 0.1; done`,
    `kill -9 $$; touch ${marks}-$3 ) & fi`,
  ]
  const there = await toyClusters({ home: at.home, folder: at.cluster, program: thinProgram({}, kill) })
  const study = await there.studies.start(toyStudy([1]), at.absolute, 'toys')
  const paused = await untilOver(there, study)
  expect(paused).toMatchObject({ state: 'paused', error: { code: 'engine-lost', why: 'ended by SIGKILL' } })
  expect(there.clusters.status(study)?.tasks.map(({ state }) => state)).toEqual(['lost', 'lost'])
  expect(paused.runs.map(({ state }) => state)).toEqual(['interrupted', 'interrupted'])
  await there.studies.resume(study)
  expect(await untilOver(there, study)).toMatchObject({ state: 'done', done: 2, error: null })
  expect(readdirSync(taskOf(there, study, 0)).filter((name) => name.startsWith('events'))).toHaveLength(2)
  expect(bitsThere(there, study)).toEqual(await bitsHere(at, [1]))
})

test('an engine that is killed in a job leaves no result, so that the word of its scheduler stands', async () => {
  const at = fixture()
  const program = thinProgram({ fault: { stage: 2, epoch: 2, how: 'kill' } }, ['export SLURM_JOB_ID=7'])
  const there = await toyClusters({ home: at.home, folder: at.cluster, program })
  const study = await there.studies.start(toyStudy([1]), at.absolute, 'toys')
  const error = { code: 'engine-lost', why: 'ended by exit code 137' } // in the words of what gives it its turn here
  expect(await untilOver(there, study)).toMatchObject({ state: 'paused', done: 1, error })
  expect(existsSync(join(taskOf(there, study, 0), 'result.json'))).toBe(false)
  expect(readFileSync(join(taskOf(there, study, 0), 'log'), 'utf8')).toContain('it was ended by SIGKILL')
})

test('a program that is started again asks for what is there, and counts nothing twice', async () => {
  const at = fixture()
  const goesOn = join(at.folder, 'goes-on')
  const toy = { holds: { stage: 1, until: goesOn } }
  const options = { home: at.home, folder: at.cluster, program: thinProgram(toy) }
  const first = await toyClusters(options)
  const study = await first.studies.start(toyStudy([1]), at.absolute, 'toys')
  for await (const _ of first.studies.follow(study)) {
    const { run } = first.studies.show(study).runs[0] ?? { run: null }
    if (run !== null && (first.runs.show(run).start?.epochs.length ?? 0) > 1) break
  }
  await first.close()
  writeFileSync(goesOn, '')
  const second = await toyClusters(options)
  expect(second.studies.show(study)).toMatchObject({ state: 'paused', done: 0 })
  second.clusters.goOn()
  expect(await untilOver(second, study)).toMatchObject({ state: 'done', done: 2 })
  expect(bitsThere(second, study)).toEqual(await bitsHere(at, [1]))
})

test('a task that fails says why, the others go on, and it is tried again alone', async () => {
  const at = fixture()
  const mended = join(at.folder, 'mended')
  const fault = `[ -e ${mended} ] || export TOY='{"fault":{"stage":2,"epoch":1,"how":"throw"}}'`
  const there = await toyClusters({ home: at.home, folder: at.cluster, program: thinProgram({}, [fault]) })
  const study = await there.studies.start(toyStudy([1]), at.absolute, 'toys')
  const over = await untilOver(there, study)
  expect(over).toMatchObject({ state: 'done', done: 1 }) // one arm has a second iteration
  expect(over.runs[0]).toMatchObject({ state: 'failed', error: { code: 'not-finite' } })
  expect(there.clusters.status(study)?.tasks.map(({ state }) => state)).toEqual(['failed', 'done'])
  writeFileSync(mended, '')
  expect(await there.clusters.retry(study)).toBe(1)
  expect(await untilOver(there, study)).toMatchObject({ state: 'done', done: 2 })
  expect(readdirSync(taskOf(there, study, 1)).filter((name) => name.startsWith('events'))).toHaveLength(1)
  expect(bitsThere(there, study)).toEqual(await bitsHere(at, [1]))
})

test('a result or a log that is not whole counts for nothing until the task was tried again', async () => {
  const at = fixture()
  const there = await toyClusters({
    home: at.home,
    folder: at.cluster,
    program: thinProgram({ holds: { stage: 1, until: join(at.folder, 'go') } }),
  })
  const study = await there.studies.start(toyStudy([1]), at.absolute, 'toys')
  for await (const _ of there.studies.follow(study))
    if (there.studies.show(study).runs.every(({ run }) => run !== null)) break
  writeFileSync(join(taskOf(there, study, 0), 'result.json'), '{"basil":"result","ver')
  appendFileSync(join(taskOf(there, study, 1), 'events-0000.jsonl'), '00000000 {"type":"finished"}\n')
  for await (const _ of there.studies.follow(study)) {
    const [first] = there.clusters.status(study)?.tasks ?? []
    if (first?.state === 'failed') break
  }
  expect(there.studies.show(study).runs[0]).toMatchObject({ error: { code: 'file-damaged' } })
  await there.studies.pause(study, true)
  writeFileSync(join(at.folder, 'go'), '')
  expect(await there.clusters.retry(study)).toBe(1)
  const over = await untilOver(there, study)
  expect(over.runs.map(({ state }) => state)).toEqual(['done', 'done'])
  expect(bitsThere(there, study)).toEqual(await bitsHere(at, [1]))
})

test('a study taken back goes on here, and what lies there under a mapped path is used where its hash is right', async () => {
  const at = fixture()
  const shared = join(at.folder, 'shared')
  modelsIn(shared)
  writeFileSync(join(shared, 'dtd.data'), 'something else')
  const change = { paths: [{ here: join(at.folder, 'models'), there: shared }] }
  const toy = { holds: { stage: 1, until: join(at.folder, 'never') } }
  const there = await toyClusters({ home: at.home, folder: at.cluster, change, program: thinProgram(toy) })
  const configs = there.studies.plan(toyStudy([1]), at.absolute).map(({ config }) => config)
  const before = await lastOf(there.clusters.plan('toys', configs, new AbortController().signal))
  expect(before).toMatchObject({ tasks: 2, hours: null, gpuHours: 0, there: 0 })
  const study = await there.studies.start(toyStudy([1]), at.absolute, 'toys')
  for await (const _ of there.studies.follow(study))
    if (there.studies.show(study).runs.every(({ run }) => run !== null)) break
  const plan = await lastOf(there.clusters.plan('toys', configs, new AbortController().signal))
  expect(plan).toMatchObject({ there: 5, missing: [], bytes: 0 })
  expect(readdirSync(join(at.cluster, 'store'))).toHaveLength(1) // of what is something else there
  expect(() => there.clusters.takeBack(study)).toThrow('at work')
  await there.studies.pause(study, true)
  expect(processesOf(at.cluster)).toEqual([])
  there.clusters.takeBack(study)
  expect(there.clusters.status(study)).toBeNull()
  await there.studies.resume(study)
  expect(await untilOver(there, study)).toMatchObject({ state: 'done', done: 2 })
  expect(bitsThere(there, study)).toEqual(await bitsHere(at, [1]))
})

test('a folder that another has claimed is left alone', async () => {
  const at = fixture()
  const there = await toyClusters({ home: at.home, folder: at.cluster })
  const study = await there.studies.start(toyStudy([1]), at.absolute, 'toys')
  await untilOver(there, study)
  const claim = JSON.parse(readFileSync(join(studyFolder(there, study), 'claim.json'), 'utf8'))
  expect(claim.by).toContain(at.home)
  const claimedBy = (by: string) =>
    answer({ ask: 'claim', of: { folder: studyFolder(there, study), claim: { ...claim, by } } })
  expect(await claimedBy(claim.by)).toEqual(claim)
  await expect(claimedBy('another')).rejects.toMatchObject({ record: { code: 'target-exists' } })
  rmSync(at.cluster, { recursive: true })
  expect(existsSync(at.cluster)).toBe(false)
  expect(there.studies.show(study)).toMatchObject({ done: 2 }) // what came back is here
})

/** Of this machine, that are at a task below a folder; none is found where the system has no /proc. */
function processesOf(folder: string): string[] {
  const commandOf = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      return '' // it has just ended
    }
  }
  const all = existsSync('/proc') ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : []
  return all.map(commandOf).filter((command) => command.includes(`task\0${folder}`))
}

async function lastOf<T>(
  told: AsyncGenerator<{ type: 'result'; result: T } | { type: 'progress' }>,
): Promise<T | null> {
  let last: T | null = null
  for await (const one of told) if (one.type === 'result') last = one.result
  return last
}
