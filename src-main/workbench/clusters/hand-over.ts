// Handing a study over: the program and what its runs are made of are put where they lack, each held against its hash
// there, and the study gets its folder. Whatever is interrupted here goes on where it was when it is done again.
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'

import type { PlanThere } from '../../contract/api/clusters.ts'
import type { FoundThere } from '../../contract/clusters/remote.ts'
import type { TaskSpec } from '../../contract/clusters/task.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { History } from '../../history/statement.ts'
import { plannedOf, studyOf } from '../../history/studies.ts'
import type { RunsAtWork } from '../runs/runs.ts'
import { type Carried, carriedFor, type PathsThere, pathsOf, pathsThere, withPaths } from './contents.ts'
import type { ClusterTarget } from './target.ts'
import type { There } from './there.ts'

type Progress = (what: string, done: number, total: number) => void

interface Options {
  home: string
  signal: AbortSignal
  tell: Progress
}

const mebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20)

/** What is carried for these runs, and what of it is there. */
async function looked(target: ClusterTarget, configs: readonly ResolvedConfig[], { home, signal, tell }: Options) {
  const carried = await carriedFor(pathsOf(configs), target.cluster, {
    signal,
    tell: (done, total) => tell('Hashing files', done, total),
    cache: join(home, 'cache', 'content'),
  })
  const found = (await target.isInstalled()) ? await target.have(carried.map(({ asked }) => asked)) : null
  return { carried, found }
}

/** What would be sent, without sending anything; programBytes: of the program, where it is not there. */
export async function planThere(
  target: ClusterTarget,
  configs: readonly ResolvedConfig[],
  programBytes: number,
  options: Options,
): Promise<PlanThere> {
  const { carried, found } = await looked(target, configs, options)
  const { cluster } = target
  const missing = carried.flatMap((one) => {
    const there = found?.find(({ sha256 }) => sha256 === one.asked.sha256)
    return there?.path ? [] : [{ path: one.whole.path, bytes: one.whole.bytes, why: whyMissing(there) }]
  })
  const hours = cluster.kind === 'folder' ? null : (configs.length * cluster.minutes) / 60
  return {
    ...{ cluster: cluster.name, tasks: configs.length, hours, gpuHours: (hours ?? 0) * cluster.gpus },
    ...{ there: carried.length - missing.length, missing },
    bytes: missing.reduce((sum, { bytes }) => sum + bytes, found ? 0 : programBytes),
  }
}

function whyMissing(there: FoundThere | undefined): string {
  const other = there?.differs[0]
  return other === undefined ? 'it is not there' : `what lies at ${other} is something else`
}

interface Study {
  history: History
  study: number
  runs: Pick<RunsAtWork, 'check'>
  target: ClusterTarget
}

/** Throws what checking, staging and claiming throw. */
export async function handOver({ history, study, runs, target }: Study, options: Options): Promise<There> {
  const { signal, tell } = options
  const planned = plannedOf(history, study).map(({ config }, place) => ({ config, place }))
  await target.install(signal, (done, total) => tell('Sending the program, MiB', mebibytes(done), mebibytes(total)))
  const configs = planned.map(({ config }) => config)
  const towers = await towersOf(runs, configs)
  const { carried, found } = await looked(target, configs, options)
  const paths: (readonly [string, string])[] = []
  for (const one of carried) paths.push(...(await stage(target, one, found ?? [], options)))
  const { name, created, definition } = studyOf(history, study)
  const by = `study ${study} of the data folder ${options.home} on ${hostname()}`
  const mark = createHash('sha256').update(`${by} ${created} ${Date.now()}`).digest('hex').slice(0, 10)
  const there = target.study(`${slug(name)}-${mark}`, `basil-${mark}`)
  await target.claim(there, { by, host: hostname(), at: new Date().toISOString() })
  const towerOf = (config: ResolvedConfig) => towers.find(({ pretrained }) => pretrained === config.pretrained)?.tower
  const specs = planned.map(({ config, place }): TaskSpec => {
    const own = withPaths({ ...config, tower: config.tower ?? towerOf(config) ?? null }, thereOf(paths))
    return { basil: 'task', version: 1, study: there.name, index: place, config: own }
  })
  tell('Writing the tasks', 0, specs.length)
  await target.prepare(there, { basil: 'study', version: 1, name, by, definition, contents: listed(carried) }, specs)
  return { ...there, paths: paths.map(([here, other]) => [here, other]), towers }
}

/** Everything that the study is of, by hash. */
const listed = (carried: readonly Carried[]) =>
  carried.map(({ whole: { path, kind, sha256, bytes } }) => ({ path, kind, sha256, bytes }))

const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40) || 'study'

const thereOf = (paths: PathsThere): ((path: string) => string) => {
  const all = new Map(paths)
  return (path) => all.get(path) ?? path
}

async function stage(
  target: ClusterTarget,
  one: Carried,
  found: readonly FoundThere[],
  { signal, tell }: Options,
): Promise<PathsThere> {
  const known = found.find(({ sha256 }) => sha256 === one.asked.sha256)?.path
  const say = (done: number, total: number): void =>
    tell(`Sending ${one.asked.name}, MiB`, mebibytes(done), mebibytes(total))
  const path = known ?? (await target.stage(one.whole, one.asked, signal, say))
  return pathsThere(one, path)
}

/** A run goes on as it began, whatever lies beside its models there: what this machine finds of them goes along. */
async function towersOf(runs: Pick<RunsAtWork, 'check'>, configs: readonly ResolvedConfig[]): Promise<There['towers']> {
  const towers: There['towers'] = []
  for (const config of configs) {
    if (towers.some(({ pretrained }) => pretrained === config.pretrained)) continue
    const { tower = null } = await runs.check(config)
    towers.push({ pretrained: config.pretrained, tower })
  }
  return towers
}
