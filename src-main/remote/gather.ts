// What came of a study, as a table in its folder there: results.csv, a line a task. It is made once the tasks have
// ended, whatever became of them, so that it can be read there while nobody's machine asks. It is made anew each time,
// and nothing goes by it.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { stringify } from 'csv-stringify/sync'

import { taskFolder } from '../contract/clusters/task.ts'
import { finalEvaluation } from '../contract/run/means.ts'
import type { Evaluation } from '../contract/run/run.ts'
import { eventOf } from '../files/task-lines.ts'
import { writeAtomic } from '../files/write-atomic.ts'
import { newsOf } from './news.ts'
import { readSpec } from './spec.ts'

const columns = ['task', 'run', 'seed', 'state', 'host', 'job', 'gpus', 'ended', 'seconds', 'error', 'measured_on']

interface Row {
  state: string // of its result; "damaged" where that is not to be trusted, "unfinished" where there is none
  cells: unknown[]
  scores: Evaluation['tasks']
}

/** Gives how many tasks are in each state, in words. Throws what reading and writing there throw. */
export async function gather(study: string): Promise<string> {
  const places = (await readdir(join(study, 'tasks'))).filter((name) => /^\d{4,}$/.test(name)).map(Number)
  const rows: Row[] = []
  for (const index of places.sort((a, b) => a - b)) rows.push(await rowOf(study, index))
  const tasks = [...new Set(rows.flatMap(({ scores }) => scores.map(({ task }) => task)))]
  const lines = rows.map(({ cells, scores }) => [
    ...cells,
    ...tasks.map((task) => scores.find((score) => score.task === task)?.accuracy),
  ])
  const heads = [...columns, ...tasks.map((task) => `accuracy ${task}`)]
  const table = stringify([heads, ...lines], { record_delimiter: 'windows' })
  await writeAtomic(join(study, 'results.csv'), [Buffer.from(table)], { overwrite: true })
  const states = Map.groupBy(rows, ({ state }) => state)
  return [...states].map(([state, own]) => `${own.length} ${state}`).join(', ')
}

async function rowOf(study: string, index: number): Promise<Row> {
  const folder = join(study, 'tasks', taskFolder(index))
  const spec = await readSpec(folder).catch(() => null) // its line is there all the same
  const news = await newsOf(folder, { index, file: null, bytes: 0 }, Number.POSITIVE_INFINITY)
  const lines = news?.pieces.flatMap((piece) => piece.lines) ?? []
  const evaluations = lines.flatMap((line) => {
    const event = eventOf(line)
    return event?.type === 'evaluation' ? [event.evaluation] : []
  })
  const final = news?.result ? finalEvaluation(evaluations) : undefined
  const { host, job, gpus, ended, seconds, error } = { ...news?.state, ...news?.result }
  const state = news?.fault ? 'damaged' : (news?.result?.state ?? 'unfinished')
  const told = [index, spec?.config.name, spec?.config.seed, state, host, job, gpus, ended, seconds]
  return { state, cells: [...told, (error ?? news?.fault)?.why, final?.split], scores: final?.tasks ?? [] }
}
