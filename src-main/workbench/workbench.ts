// The workbench behind every door: the history, the engine's supervisor and the opened projects. One run at a time; a
// run is told to watchers as it is kept. A reader (write: false) sees the same history while another process works.
import { dirname, join } from 'node:path'

import type { Disentanglement, DisentanglementRequest } from '../contract/api/disentanglement.ts'
import type { Form, Inspection } from '../contract/checkpoint.ts'
import type { Plan, Told } from '../contract/engine-api.ts'
import { type ErrorRecord, recordOf } from '../contract/errors.ts'
import type { ResolvedConfig } from '../contract/run/config.ts'
import type { Exported, Recipe } from '../contract/run/recipe.ts'
import type { CoefficientTable, EngineInfo, RunDetail, RunEvent, RunSummary } from '../contract/run/run.ts'
import { runDetail } from '../history/detail.ts'
import { coefficientsOf } from '../history/epochs.ts'
import { openHistory, readHistory } from '../history/open.ts'
import { parentsOf } from '../history/parents.ts'
import { resumeOf } from '../history/resume.ts'
import { createRun, endRun, listRuns, reviveRun } from '../history/runs.ts'
import { transaction } from '../history/statement.ts'
import { createDataSets, type DataSets } from './data/sets.ts'
import { createEvaluations, type Evaluations } from './evaluations/evaluations.ts'
import { type ExportedState, exportRun } from './export/export-run.ts'
import { exportName, recipeOf } from './export/recipe.ts'
import type { Target } from './export/with-card.ts'
import { createHeads, type Heads } from './heads/heads.ts'
import { createHistoryCare, type HistoryCare } from './history-care.ts'
import { createLibrary, type Library } from './library/library.ts'
import { filesHere } from './library/whereabouts.ts'
import type { EngineProcess } from './link/engine-process.ts'
import { heard } from './link/heard.ts'
import type { Patience } from './link/heartbeat.ts'
import { createSupervisor } from './link/supervisor.ts'
import { chooseDevice, engineEnvironment, requireDevice } from './native/devices.ts'
import { createInstaller, type Installer } from './native/installer.ts'
import { createSeat } from './native/seat.ts'
import { createProjects, type Projects } from './projects.ts'
import { keepEvent } from './runs/keep.ts'
import { lastEvent } from './runs/last-event.ts'
import { busy, missingEpoch, requireResumable, stateAfter } from './runs/refusals.ts'
import { createWatchers, only, type Watchers } from './runs/watchers.ts'
import { createStudies, type Studies } from './studies/studies.ts'

export interface WorkbenchOptions {
  home: string // the data folder
  engine: (environment: NodeJS.ProcessEnv) => EngineProcess
  sample: string // the sample project's configuration, in its folder of the program's resources
  write: boolean
  patience?: Patience // with an engine that gives no sign of life
}

export interface Workbench {
  readonly home: string
  readonly sample: string
  readonly projects: Projects
  readonly library: Library
  readonly dataSets: DataSets
  readonly heads: Heads
  readonly evaluations: Evaluations
  readonly studies: Studies
  readonly installer: Installer
  readonly historyCare: HistoryCare
  readonly notices: ErrorRecord[] // what was found and done at opening
  readonly interrupted: number[] // runs found unfinished at opening
  engineState(): { engine: EngineInfo | null; error: ErrorRecord | null }
  describe(): Promise<EngineInfo>
  /** Ends the engine's process; a run at work goes on in a new one. False when there is none. */
  restartEngine(): boolean
  /** What the engine computes on: the choice, or what the run at work was resumed on. */
  device(): string
  /** Throws run-state while a run goes on. */
  chooseDevice(device: string): Promise<void>
  inspect(file: string): Promise<Inspection>
  check(config: ResolvedConfig): Promise<Plan>
  /** Of two tasks and their own models. */
  disentangle(request: DisentanglementRequest): AsyncGenerator<Told<Disentanglement>>
  /** Checks, then begins; resolves with the run's number. Throws run-state while another run is at work. */
  start(config: ResolvedConfig): Promise<number>
  /** device: for this sitting alone. */
  resume(run: number, device?: string): Promise<number>
  stop(run: number): Promise<boolean>
  cancel(run: number): Promise<boolean>
  list(page: { offset: number; limit: number; search: string }): { total: number; rows: RunSummary[] }
  show(run: number): RunDetail
  coefficients(run: number, stage: number, epoch: number): CoefficientTable
  /** "started", then what is told from now on; of a run nobody works on, only its end. */
  watch(run: number): AsyncGenerator<RunEvent, void>
  /** The name a model of this run would be saved under. */
  suggestName(run: number, iteration: number | null, form: Form): string
  /** The model and its card. target null: new files in the data folder's exports. */
  export(run: number, state: ExportedState, target: Target | null): Promise<Exported & { card: string }>
  /** A run at work becomes interrupted. */
  close(): Promise<void>
}

interface Live {
  run: number
  watchers: Watchers
  over: Promise<void>
}

export async function openWorkbench({ home, engine, sample, write, patience }: WorkbenchOptions): Promise<Workbench> {
  let live: Live | null = null
  let reserved = false
  let closing: Promise<void> | null = null
  const history = write ? await openHistory(home, { lives: (run) => live?.run === run }) : await readHistory(home)
  const { device, ...seat } = createSeat(home, () => supervisor)
  const supervisor = createSupervisor(() => engine(engineEnvironment(home, device())), patience)
  const resources = join(dirname(sample), '..')
  const installer = createInstaller({
    home,
    resources,
    start: engine,
    inUse: () => live !== null || reserved,
    renew: () => closing ?? supervisor.renew(),
  })
  // it computes nothing
  const library = createLibrary({ history, home, start: () => engine(engineEnvironment(home, 'cpu')) })
  const dataSets = createDataSets({ history, home, start: () => engine(engineEnvironment(home, 'cpu')) })
  const { notices, interrupted } = history

  /** Only one at a time may check and begin. */
  async function begin(
    prepare: () => Promise<{ run: number; config: ResolvedConfig; resumed: boolean }>,
  ): Promise<number> {
    requireIdle()
    reserved = true
    try {
      const { run, config, resumed } = await prepare()
      launch(run, config, resumed)
      return run
    } finally {
      reserved = false
      if (!live && !closing) seat.leave()
    }
  }

  function requireIdle(): void {
    if (!write) throw new Error('a workbench opened for reading begins nothing')
    if (live || reserved) throw busy(live?.run ?? null)
    evaluations.requireIdle()
  }

  function launch(run: number, config: ResolvedConfig, resumed: boolean): void {
    const watchers = createWatchers({ type: 'started', run, name: config.name, resumed })
    live = { run, watchers, over: Promise.resolve() }
    live.over = work(run, config, watchers).then((last) => {
      live = null
      if (!closing) seat.leave()
      installer.settle()
      historyCare.rest()
      watchers.tell(last)
      watchers.end()
    })
  }

  /** Never rejects; gives the event that closes the run. */
  async function work(run: number, config: ResolvedConfig, watchers: Watchers): Promise<RunEvent> {
    let last: RunEvent | null = null
    try {
      let before = runDetail(history, run).seconds
      const here = filesHere(history, parentsOf(history, run))
      await supervisor.work({
        config: here.config(config),
        resume: () => resumeOf(history, run),
        parents: () => here.parents(parentsOf(history, run)),
        keep: (event) => {
          if (event.type === 'opened') requireDevice(device(), event.engine) // a new engine may have come up without it
          const told = keepEvent(history, run, event, before, new Date())
          if (told.type === 'done' || told.type === 'ended') last = told
          else watchers.tell(told)
          return event.type === 'epoch'
        },
        lost: (error, restarting) => {
          if (restarting) reviveRun(history, run)
          before = runDetail(history, run).seconds
          watchers.tell({ type: 'engine-lost', run, error, restarting })
        },
        silent: (error) => watchers.tell({ type: 'engine-silent', run, error }),
      })
      return last ?? lastEvent(history, run)
    } catch (thrown) {
      return last ?? failed(run, recordOf(thrown))
    }
  }

  function failed(run: number, error: ErrorRecord): RunEvent {
    const state = closing ? 'interrupted' : stateAfter(error)
    const shown = error.code === 'cancelled' ? null : error
    try {
      endRun(history, run, state, new Date(), shown)
    } catch {
      // The disk takes nothing more: the row says running, and is shown as interrupted because nobody works on it.
    }
    return { type: 'ended', run, state, error: shown }
  }

  const isLive = (run: number): Live | null => (live?.run === run ? live : null)
  const check = (config: ResolvedConfig): Promise<Plan> => supervisor.ask((client) => client.check(config))
  const watch = (run: number): AsyncGenerator<RunEvent, void> =>
    isLive(run)?.watchers.watch() ?? only(lastEvent(history, run))

  const start = (config: ResolvedConfig, made: (run: number) => void = () => undefined): Promise<number> =>
    begin(async () => {
      const { tower = null } = await check(config)
      await seat.requireThere()
      const settled = { ...config, tower } // a run goes on as it began, whatever is put beside its models meanwhile
      const run = transaction(history, () => {
        const created = createRun(history, settled, new Date())
        made(created)
        return created
      })
      return { run, config: settled, resumed: false }
    })

  const resume = (run: number, wanted?: string): Promise<number> =>
    begin(async () => {
      const detail = runDetail(history, run)
      requireResumable(detail)
      if (wanted !== undefined) seat.take(wanted)
      await seat.requireThere()
      reviveRun(history, run)
      return { run, config: detail.config, resumed: true }
    })

  async function cancel(run: number): Promise<boolean> {
    const working = isLive(run)
    if (!working || !supervisor.cancel()) return false
    await working.over
    return true
  }

  const evaluations = createEvaluations({ history, resources, supervisor, ready: requireIdle })
  const studies = createStudies({ history, home, requireIdle, check, start, resume, watch, cancel })

  const historyCare = createHistoryCare({ history, home, isBusy: () => live !== null || reserved, requireIdle })
  historyCare.rest()

  const place = {
    history,
    home,
    template: join(resources, 'model-card.md'),
    rebuild: (request: Target & { recipe: Recipe; form: Form }) => supervisor.ask((client) => client.rebuild(request)),
    look: (file: string) => supervisor.ask((client) => client.look({ file })),
  }

  async function close(): Promise<void> {
    await installer.close()
    await Promise.all([studies.close(), supervisor.close(), library.close(), dataSets.close()])
    await Promise.all([live?.over, evaluations.close()])
    await historyCare.close()
    history.close()
  }

  return {
    home,
    sample,
    projects: createProjects((path) => library.holds(path) || dataSets.holds(path)),
    library,
    dataSets,
    heads: createHeads({ home, resources, supervisor, library, ready: requireIdle }),
    evaluations,
    studies,
    installer,
    historyCare,
    notices,
    interrupted,
    engineState: () => supervisor.state(),
    describe: () => supervisor.describe(),
    restartEngine: () => supervisor.restart(),
    device,
    chooseDevice: async (wanted) => {
      if (live || reserved) throw busy(live?.run ?? null)
      await chooseDevice(home, wanted)
      supervisor.renew()
    },
    inspect: (file) => supervisor.ask((client) => client.inspect({ file })),
    check,
    disentangle: (request) => {
      requireIdle()
      return heard(supervisor, (client) => client.disentangle(request))
    },
    start: async (config) => {
      studies.requireIdle()
      return start(config)
    },
    resume: async (run, wanted) => {
      studies.requireIdle()
      return resume(run, wanted)
    },
    stop: async (run) => (isLive(run) ? supervisor.stop() : false),
    cancel,
    list: (page) => listRuns(history, page),
    show: (run) => runDetail(history, run),
    coefficients: (run, stage, epoch) => coefficientsOf(history, run, stage, epoch) ?? missingEpoch(run, stage, epoch),
    watch,
    suggestName: (run, iteration, form) => exportName(recipeOf(history, run, iteration), form),
    export: (run, state, target) => exportRun(place, run, state, target),
    close: () => (closing ??= close()),
  }
}
