// The workbench behind every door: the history, the engine's supervisor and the opened projects. One run at a time; a
// run is told to watchers as it is kept. A reader (write: false) sees the same history while another process works.
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

import type { ResolvedConfig } from '../contract/config.ts'
import type { Plan } from '../contract/engine-api.ts'
import { BasilError, type ErrorRecord, recordOf } from '../contract/errors.ts'
import type { Exported, Inspection } from '../contract/recipe.ts'
import type { CoefficientTable, EngineInfo, RunDetail, RunEvent, RunState, RunSummary } from '../contract/run.ts'
import { runDetail } from '../history/detail.ts'
import { coefficientsOf } from '../history/epochs.ts'
import { openHistory, readHistory } from '../history/open.ts'
import { parentsOf } from '../history/parents.ts'
import { resumeOf } from '../history/resume.ts'
import { createRun, endRun, listRuns, reviveRun } from '../history/runs.ts'
import type { EngineProcess } from './engine-process.ts'
import { chooseDevice, deviceChoice, engineEnvironment, gpus, requireDevice } from './native/devices.ts'
import { createInstaller, type Installer } from './native/installer.ts'
import { createSupervisor } from './supervisor.ts'
import { keepEvent } from './work/keep.ts'
import { lastEvent } from './work/last-event.ts'
import { createProjects, type Projects } from './work/projects.ts'
import { exportName, recipeOf } from './work/recipe.ts'
import { createWatchers, type Watchers } from './work/watchers.ts'

export interface WorkbenchOptions {
  home: string // the data folder
  engine: (environment: NodeJS.ProcessEnv) => EngineProcess
  sample: string // the sample project's configuration, in its folder of the program's resources
  write: boolean
}

export interface Workbench {
  readonly home: string
  readonly sample: string
  readonly projects: Projects
  readonly installer: Installer
  readonly notices: ErrorRecord[] // what was found and done at opening
  readonly interrupted: number[] // runs found unfinished at opening
  engineState(): { engine: EngineInfo | null; error: ErrorRecord | null }
  describe(): Promise<EngineInfo>
  /** What the engine computes on: the choice, or what the run at work was resumed on. */
  device(): string
  /** Throws run-state while a run goes on. */
  chooseDevice(device: string): Promise<void>
  inspect(file: string): Promise<Inspection>
  check(config: ResolvedConfig): Promise<Plan>
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
  suggestName(run: number, iteration: number | null): string
  /** epoch: any state that iteration had, not the chosen one. target null: a new file in the data folder's exports. */
  export(
    run: number,
    iteration: number | null,
    target: { out: string; overwrite: boolean } | null,
    epoch?: number | null,
  ): Promise<Exported>
  /** A run at work becomes interrupted. */
  close(): Promise<void>
}

interface Live {
  run: number
  watchers: Watchers
  over: Promise<void>
}

export async function openWorkbench({ home, engine, sample, write }: WorkbenchOptions): Promise<Workbench> {
  let live: Live | null = null
  let reserved = false
  let closing: Promise<void> | null = null
  const history = write ? await openHistory(home, { lives: (run) => live?.run === run }) : await readHistory(home)
  let sittingDevice: string | null = null
  const device = (): string => sittingDevice ?? deviceChoice(home)
  const supervisor = createSupervisor(() => engine(engineEnvironment(home, device())))
  const installer = createInstaller({
    home,
    resources: join(dirname(sample), '..'),
    start: engine,
    inUse: () => live !== null || reserved,
    renew: () => closing ?? supervisor.renew(),
  })
  const { notices, interrupted } = history

  /** Only one at a time may check and begin. */
  async function begin(prepare: () => Promise<{ run: number; config: ResolvedConfig; resumed: boolean }>): Promise<number> {
    if (!write) throw new Error('a workbench opened for reading starts no runs')
    if (live || reserved) throw busy(live?.run ?? null)
    reserved = true
    try {
      const { run, config, resumed } = await prepare()
      launch(run, config, resumed)
      return run
    } finally {
      reserved = false
      if (!live) backToChoice()
    }
  }

  function backToChoice(): void {
    if (sittingDevice !== null && !closing) supervisor.renew()
    sittingDevice = null
  }

  async function chosenIsThere(): Promise<void> {
    if (device().startsWith('gpu:')) requireDevice(device(), await supervisor.describe(), (await gpus()).noGpu)
  }

  function launch(run: number, config: ResolvedConfig, resumed: boolean): void {
    const watchers = createWatchers({ type: 'started', run, name: config.name, resumed })
    live = { run, watchers, over: Promise.resolve() }
    live.over = work(run, config, watchers).then((last) => {
      live = null
      backToChoice()
      installer.settle()
      watchers.tell(last)
      watchers.end()
    })
  }

  /** Never rejects; gives the event that closes the run. */
  async function work(run: number, config: ResolvedConfig, watchers: Watchers): Promise<RunEvent> {
    let last: RunEvent | null = null
    try {
      let before = runDetail(history, run).seconds
      await supervisor.work({
        config,
        resume: () => resumeOf(history, run),
        parents: () => parentsOf(history, run),
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

  async function exportRun(
    run: number,
    iteration: number | null,
    target: { out: string; overwrite: boolean } | null,
    epoch: number | null = null,
  ): Promise<Exported> {
    const recipe = recipeOf(history, run, iteration, epoch)
    const rebuild = (out: string, overwrite: boolean): Promise<Exported> =>
      supervisor.ask((client) => client.rebuild({ recipe, out, overwrite }))
    if (target) return rebuild(target.out, target.overwrite)
    const folder = join(home, 'exports')
    mkdirSync(folder, { recursive: true })
    for (let count = 1; ; count++) {
      const name = exportName(recipe).replace(/(?=\.safetensors$)/, count === 1 ? '' : `-${count}`)
      try {
        return await rebuild(join(folder, name), false)
      } catch (error) {
        if (!(error instanceof BasilError && error.record.code === 'target-exists')) throw error
      }
    }
  }

  async function close(): Promise<void> {
    await installer.close()
    await supervisor.close()
    await live?.over
    history.close()
  }

  return {
    home,
    sample,
    projects: createProjects(),
    installer,
    notices,
    interrupted,
    engineState: () => supervisor.state(),
    describe: () => supervisor.describe(),
    device,
    chooseDevice: async (wanted) => {
      if (live || reserved) throw busy(live?.run ?? null)
      await chooseDevice(home, wanted)
      supervisor.renew()
    },
    inspect: (file) => supervisor.ask((client) => client.inspect({ file })),
    check: (config) => supervisor.ask((client) => client.check(config)),
    start: (config) =>
      begin(async () => {
        await supervisor.ask((client) => client.check(config))
        await chosenIsThere()
        return { run: createRun(history, config, new Date()), config, resumed: false }
      }),
    resume: (run, wanted) =>
      begin(async () => {
        const { state, config } = runDetail(history, run)
        if (!resumable.includes(state)) throw notResumable(run, state)
        if (wanted !== undefined && wanted !== device()) {
          sittingDevice = wanted
          supervisor.renew()
        }
        await chosenIsThere()
        reviveRun(history, run)
        return { run, config, resumed: true }
      }),
    stop: async (run) => (isLive(run) ? supervisor.stop() : false),
    cancel: async (run) => {
      const working = isLive(run)
      if (!working || !supervisor.cancel()) return false
      await working.over
      return true
    },
    list: (page) => listRuns(history, page),
    show: (run) => runDetail(history, run),
    coefficients: (run, stage, epoch) => coefficientsOf(history, run, stage, epoch) ?? missingEpoch(run, stage, epoch),
    watch: (run) => isLive(run)?.watchers.watch() ?? only(lastEvent(history, run)),
    suggestName: (run, iteration) => exportName(recipeOf(history, run, iteration)),
    export: exportRun,
    close: () => (closing ??= close()),
  }
}

const resumable: RunState[] = ['interrupted', 'cancelled', 'failed']

/** What stopped from outside can go on as it is, elsewhere at least; the rest failed. */
function stateAfter({ code }: ErrorRecord): 'interrupted' | 'cancelled' | 'failed' {
  if (code === 'cancelled') return 'cancelled'
  return outside.includes(code) ? 'interrupted' : 'failed'
}

const outside: ErrorRecord['code'][] = ['engine-lost', 'device-lost', 'out-of-memory', 'disk-full', 'target-unwritable']

async function* only(event: RunEvent): AsyncGenerator<RunEvent, void> {
  yield event
}

function missingEpoch(run: number, stage: number, epoch: number): never {
  throw new BasilError({
    code: 'run-missing',
    what: 'There is no such epoch',
    where: `run ${run}, stage ${stage}, epoch ${epoch}`,
    why: 'the history has no such row',
    next: 'choose an epoch that the run has',
  })
}

function busy(run: number | null): BasilError {
  return new BasilError({
    code: 'run-state',
    what: 'Another run is at work',
    where: run === null ? 'a run that is being checked' : `run ${run}`,
    why: 'Basil works on one run at a time',
    next: 'wait for it to end, or stop it',
  })
}

function notResumable(run: number, state: RunState): BasilError {
  const next = state === 'running' ? 'watch it instead' : 'start a new run with its configuration'
  return new BasilError({ code: 'run-state', what: 'The run cannot be resumed', where: `run ${run}`, why: `it is ${state}`, next })
}
