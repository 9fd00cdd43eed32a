// What Basil has at hand: itself, the opened project and the newest runs.
import type { About } from '../../src-main/contract/api/api.ts'
import type { Salvaged } from '../../src-main/contract/api/history.ts'
import type { Project } from '../../src-main/contract/api/projects.ts'
import { configSchema } from '../../src-main/contract/run/config.ts'
import type { RunDetail, RunSummary } from '../../src-main/contract/run/run.ts'
import { client, errorOf } from '../bridge.ts'
import { connection } from './connection.svelte.ts'
import { configOfRun, liesIn } from './run/config-of-run.ts'

const recentCount = 12
const pause = 1_000 // ms between two looks while the engine starts

class WorkbenchState {
  #about = $state.raw<About | null>(null)
  #recent = $state.raw<readonly RunSummary[]>([])
  #total = $state<number | null>(null)
  #interrupted = $state.raw<readonly RunSummary[]>([])
  #salvaged = $state.raw<Salvaged | null>(null)

  get about() {
    return this.#about
  }
  get recent() {
    return this.#recent
  }
  get total() {
    return this.#total
  }
  get interrupted() {
    return this.#interrupted
  }
  /** What was brought back of a damaged history, since the window opened. */
  get salvaged() {
    return this.#salvaged
  }
  get running() {
    return this.#recent.find((r) => r.state === 'running')
  }

  /** Everything afresh: at the start, and when a lost connection is back. */
  async reload(): Promise<void> {
    const starting = this.load()
    await Promise.allSettled([this.refresh(), starting])
    await starting
    await this.refresh()
  }

  /** Asks until the engine has started or has said why it cannot. */
  async load(): Promise<void> {
    for (;;) {
      this.#about = await client.about()
      if (this.#about.engine || this.#about.engineError) break
      await new Promise((resolve) => setTimeout(resolve, pause))
      await connection.returned()
    }
  }

  /** Reads the newest runs again, and those found unfinished that are not among them. */
  async refresh(): Promise<void> {
    const { rows, total } = await client.runs.list({ limit: recentCount })
    this.#recent = rows
    this.#total = total
    const known = new Set(rows.map((r) => r.run))
    const older = (this.#about?.interrupted ?? []).filter((run) => !known.has(run))
    const shown = await Promise.all(older.map((run) => client.runs.show({ run })))
    this.#interrupted = [...rows, ...shown].filter((r) => r.state === 'interrupted')
  }

  async salvage(): Promise<void> {
    this.#salvaged = await client.history.salvage()
    await this.reload()
  }

  run(run: number): Promise<RunDetail> {
    return client.runs.show({ run })
  }

  /** Goes on with an interrupted run; on this device for once, or as chosen. */
  async resume(run: number, device?: 'cpu'): Promise<void> {
    await client.runs.resume(device ? { run, device } : { run })
    await this.refresh()
  }

  openSample(): Promise<Project> {
    return client.projects.sample()
  }

  open(path: string): Promise<Project> {
    return client.projects.open({ path })
  }

  /** The text of a configuration without a place of its own. */
  take(name: string, text: string): Promise<Project> {
    return client.projects.take({ name, text })
  }

  /** null when the dialog was closed; the place of what is something else than a configuration. */
  async pick(): Promise<Project | string | null> {
    try {
      return await client.projects.pick()
    } catch (thrown) {
      const { code, where } = errorOf(thrown)
      if (code === 'config-invalid' && where !== '') return where
      throw thrown
    }
  }

  /** The project whose files a run is made of: the open one, else one of these files alone. */
  async projectOf(run: RunDetail, open: Project | null): Promise<Project> {
    if (open && liesIn(run.config, open.folder)) return open
    const { grant } = await client.projects.ofRun({ run: run.run })
    const config = configSchema.parse(configOfRun(run.config, ''))
    const origin = { kind: 'run' as const, run: run.run }
    return { grant, name: `Run ${run.run}: ${run.name}`, folder: '', origin, config, presets: [] }
  }
}

export const workbench = new WorkbenchState()
