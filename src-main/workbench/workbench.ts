// The workbench behind every door: its parts, each a subject of its own, over one history, one engine and one queue for
// work. A reader (write: false) sees the same history while another process works.

import { join } from 'node:path'

import type { Disentanglement, DisentanglementRequest } from '../contract/api/disentanglement.ts'
import type { EngineChoice } from '../contract/api/engines.ts'
import type { Restored } from '../contract/api/history.ts'
import type { RunId } from '../contract/branded.ts'
import type { Told } from '../contract/engine-api.ts'
import type { ErrorRecord } from '../contract/errors.ts'
import type { Progress } from '../contract/run/run.ts'
import { onNews } from '../history/news.ts'
import { openHistory, readHistory } from '../history/open.ts'
import type { History } from '../history/statement.ts'
import { type Clusters, type ClustersOptions, createClusters } from './clusters/clusters.ts'
import { opening } from './clusters/open.ts'
import { createDataSets, type DataSets } from './data/sets.ts'
import { createDisentangle } from './disentangle.ts'
import { chooseEngine } from './engines/choice.ts'
import { createMeasuring } from './engines/measuring.ts'
import { createEvaluations, type Evaluations } from './evaluations/evaluations.ts'
import { createFolders, type Folders } from './folders/folders.ts'
import { createHeads, type Heads } from './heads/heads.ts'
import { createHistoryCare, type HistoryCare } from './history-care.ts'
import { kindsOf } from './jobs/index.ts'
import { createJobs, type Jobs } from './jobs/queue.ts'
import { createLibrary, type Library } from './library/library.ts'
import { createLineage, type LineageQuestions } from './lineage/questions.ts'
import type { EngineProcess } from './link/engine-process.ts'
import type { Patience } from './link/heartbeat.ts'
import { inOwnProcessOf } from './link/own-process.ts'
import { watchSleep } from './link/sleep.ts'
import { createSupervisor, type Supervisor } from './link/supervisor.ts'
import { createAdoption } from './merges/adoption.ts'
import { createMerges, type Merges } from './merges/merges.ts'
import { createMixes, type Mixes } from './mix/mix.ts'
import { chooseDevice, engineEnvironment } from './native/devices.ts'
import { createInstaller, type Installer } from './native/installer.ts'
import { createSeat } from './native/seat.ts'
import { openedFolders } from './opened-folders.ts'
import { createPreferences, type PreferenceStore } from './preferences.ts'
import { createProjects, type Projects } from './projects.ts'
import { createPulse, type Pulse } from './pulse.ts'
import { type Care, createCare } from './runs/care.ts'
import { createChecking } from './runs/checking.ts'
import { createEstimates, type Estimates } from './runs/estimates.ts'
import { createExports, type Exports } from './runs/exported.ts'
import { createRuns, type Runs, type RunsOptions } from './runs/runs.ts'
import { createSittings, type Sittings } from './runs/sitting.ts'
import { createSearches, type Searches } from './scores/searches.ts'
import { exportsFolder } from './settings/kept.ts'
import { createSettings, type Settings } from './settings/settings.ts'
import { createStudies, type Studies } from './studies/studies.ts'
import { createTuningSittings, type TuningSittings, type TuningSittingsOptions } from './tunings/sitting.ts'
import { createTunings, type Tunings, type TuningsOptions } from './tunings/tunings.ts'

export interface WorkbenchOptions extends Partial<Pick<ClustersOptions, 'open' | 'waiting'>> {
  home: string // the data folder
  resources: string // the folder of the program's own files
  sample?: string // the sample project's configuration; the one among the resources if not given
  engine: (environment: NodeJS.ProcessEnv) => EngineProcess
  write: boolean
  tell?: (what: string) => void // what takes time before a run, in a few words
  restored?: Restored // a backup that took the place of the history just before
  slept?: () => number // seconds that the machine slept just now; another in tests
  patience?: Patience // with an engine that gives no sign of life
}

export interface Workbench {
  readonly home: string
  readonly resources: string
  readonly sample: string
  readonly projects: Projects
  readonly library: Library
  readonly dataSets: DataSets
  readonly jobs: Jobs
  /** Tells when lists of runs, and the queue, would read differently; what asks for it is asked for anew. */
  readonly news: Pick<Pulse<{ version: number }>, 'watch'>
  readonly runs: Runs
  readonly care: Care
  readonly exports: Exports
  readonly estimates: Estimates
  readonly heads: Heads
  readonly evaluations: Evaluations
  readonly merges: Merges
  readonly searches: Searches
  readonly mixes: Mixes
  readonly studies: Studies
  readonly clusters: Clusters
  readonly tunings: Tunings
  readonly preferences: PreferenceStore
  readonly lineage: LineageQuestions
  readonly settings: Settings
  readonly folders: Folders
  readonly engine: Pick<Supervisor, 'state' | 'describe' | 'restart' | 'ask'>
  readonly device: Device
  readonly installer: Installer
  readonly historyCare: HistoryCare
  readonly notices: ErrorRecord[] // what was found and done at opening
  readonly interrupted: RunId[] // runs found unfinished at opening
  /** Of two tasks and their own models. Throws run-state while the engine is at work. */
  disentangle(request: DisentanglementRequest): AsyncGenerator<Told<Disentanglement>>
  /** Jobs at work become interrupted. */
  close(): Promise<void>
}

export interface Device {
  /** What the engine computes on: the choice, or what the run at work was resumed on. */
  now(): string
  /** Throws run-state while anything computes. */
  choose(device: string): Promise<void>
  use(engine: EngineChoice): Promise<void>
  measure(signal: AbortSignal): AsyncGenerator<Progress, void>
}

export async function openWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const { home, engine, resources, write, patience, restored = null } = options
  let present: ReturnType<typeof createBoth> | undefined
  let elsewhere: Sittings['live'] = () => null // on a cluster
  const lives = (run: RunId): boolean => (present?.sittings.live(run) ?? elsewhere(run)) !== null
  const tunes = (tuning: number): boolean => (present?.tuningSittings.live(tuning) ?? null) !== null
  const history = write ? await openHistory(home, { lives, tunes }) : await readHistory(home)
  const { device, ...seat } = createSeat(
    home,
    () => supervisor,
    () => measuring.settle(),
  )
  const startEngine = (): EngineProcess => engine(engineEnvironment(home, device(), seat.environment()))
  const supervisor = createSupervisor(startEngine, patience)
  const startReader = (): EngineProcess => engine(engineEnvironment(home, 'cpu')) // it computes nothing
  let closing: Promise<void> | null = null
  const renew = (): void => void (closing ?? supervisor.renew())
  const measuring = createMeasuring({ home, start: engine, renew, tell: options.tell ?? (() => undefined) })
  const installer = createInstaller({
    ...{ home, resources },
    start: engine,
    inUse: () => jobs.isAtWork('engine'),
    renew: () => {
      measuring.reopen()
      renew()
    },
  })
  const between = (): void => {
    installer.settle()
    historyCare.rest()
  }
  const jobs: Jobs = createJobs({ history, between, kinds: () => worked.kinds })
  const historyCare: HistoryCare = createHistoryCare({ history, home, jobs, restored })
  const ended = (): void => {
    seat.leave()
    installer.settle()
  }
  const library = createLibrary({ history, home, start: startReader })
  const sleep = watchSleep()
  const { slept = sleep.slept } = options
  present = createBoth({ history, home, supervisor, device, slept, shelve: library.shelve, ended })
  const { sittings, tuningSittings } = present
  const dataSets = createDataSets({ history, home, start: startReader })
  const checking = createChecking({ supervisor, jobs, start: startReader })
  const base = {
    ...{ history, home, resources, supervisor, seat, sittings, tuningSittings, jobs, library, dataSets, checking },
    start: startReader,
  }
  const worked: ReturnType<typeof createWorked> = createWorked(base, options)
  elsewhere = worked.live
  const places = createPlaces(options, library, dataSets)
  const mixes = createMixes({ ...base, ...worked.parts, projects: places.projects })
  const adoption = createAdoption({ history, home, shelve: library.shelve, news: jobs.beat })
  const news = newsOf(history)
  historyCare.rest()
  async function close(): Promise<void> {
    for (const { closing } of [sittings, tuningSittings]) closing()
    for (const end of [mixes.close, sleep.end, news.end]) end()
    await Promise.all([installer.close(), measuring.close()])
    const parts = [jobs, supervisor, checking, library, dataSets, worked.parts.merges, adoption, worked]
    await Promise.all(parts.map((part) => part.close()))
    await historyCare.close()
    history.close()
  }

  return {
    ...{ home, resources, library, dataSets, jobs, news, installer, historyCare, ...worked.parts },
    ...places,
    mixes,
    lineage: createLineage(history),
    settings: createSettings({ home, jobs, renew: supervisor.renew }),
    estimates: createEstimates({ history, home, supervisor, jobs, checking, engine: startEngine }),
    engine: supervisor,
    device: createDevice({ home, now: device, jobs, supervisor, measuring }),
    notices: history.notices,
    interrupted: history.interrupted,
    disentangle: createDisentangle(jobs, supervisor),
    close: () => (closing ??= close()),
  }
}

/** What the engine is at for a run, or for a fine-tuning. */
function createBoth(options: TuningSittingsOptions): { sittings: Sittings; tuningSittings: TuningSittings } {
  return { sittings: createSittings(options), tuningSittings: createTuningSittings(options) }
}

function newsOf(history: History): Pulse<{ version: number }> {
  let version = 0
  const news = createPulse(() => ({ version: ++version }))
  if (history.write) onNews(history, news.beat)
  return news
}

/** What a person opens, chooses among and finds again. */
function createPlaces({ home, resources, sample: given }: WorkbenchOptions, library: Library, dataSets: DataSets) {
  const preferences = createPreferences(home)
  const sample = given ?? join(resources, 'sample', 'dv-basi.json')
  const holds = (path: string): boolean => library.holds(path) || dataSets.holds(path)
  return {
    preferences,
    sample,
    projects: createProjects({ holds, folders: openedFolders(preferences), sample }),
    folders: createFolders(() => [exportsFolder(home), ...library.folders(), ...dataSets.paths()]),
  }
}

interface DeviceParts {
  home: string
  now: () => string
  jobs: Jobs
  supervisor: Pick<Supervisor, 'renew'>
  measuring: Pick<ReturnType<typeof createMeasuring>, 'measure'>
}

/** A choice holds from the engine's next start on, and is not made while anything computes. */
function createDevice({ home, now, jobs, supervisor, measuring }: DeviceParts): Device {
  return {
    now,
    choose: async (wanted) => {
      jobs.requireQuiet()
      await chooseDevice(home, wanted)
      supervisor.renew()
    },
    use: async (wanted) => {
      jobs.requireQuiet()
      await chooseEngine(home, wanted)
      supervisor.renew()
    },
    measure: (signal) => {
      jobs.requireQuiet()
      return measuring.measure(signal)
    },
  }
}

interface Base extends RunsOptions, TuningsOptions {
  home: string
  resources: string
  library: Library
  dataSets: DataSets
  start: () => EngineProcess // of a process that reads and writes files
}

/** The parts whose work goes through the queue, and what the queue does for each. */
function createWorked(base: Base, { open, waiting }: Pick<WorkbenchOptions, 'open' | 'waiting'>) {
  const inOwnProcess = inOwnProcessOf(base.start)
  const live: Sittings['live'] = (run) => base.sittings.live(run) ?? clusters.atWork.live(run)
  const runs = createRuns({ ...base, sittings: { ...base.sittings, live } })
  const clusters = createClusters({
    ...{ ...base, runs: runs.atWork, ...(waiting && { waiting }) },
    open: open ?? opening(base.home),
  })
  const studies = createStudies({ ...base, runs: runs.atWork })
  const tunings = createTunings(base)
  const heads = createHeads(base)
  const template = join(base.resources, 'model-card.md')
  const exports = createExports({ ...base, inOwnProcess, template })
  const writing = { inOwnProcess, template, shelve: base.library.shelve }
  const searches = createSearches({ ...base, ...writing })
  const kinds = kindsOf({
    ...base,
    ...writing,
    searches: searches.atWork,
    runs: runs.atWork,
    studies: studies.atWork,
    clusters: clusters.atWork,
    tunings: tunings.atWork,
    heads: heads.atWork,
    exports: exports.atWork,
  })
  const parts = {
    runs: runs.runs,
    care: createCare(base.history),
    studies: studies.studies,
    clusters: clusters.clusters,
    tunings: tunings.tunings,
    heads: heads.heads,
    exports: exports.exports,
    evaluations: createEvaluations(base),
    merges: createMerges(base),
    searches: searches.searches,
  }
  return { kinds, parts, live: clusters.atWork.live, close: clusters.atWork.close }
}
