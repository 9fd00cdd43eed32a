// The settings being written on the Compose page: fields as typed, which vectors and tasks take part, and what is
// wrong.
import { SvelteSet } from 'svelte/reactivity'

import type { Project } from '../../src-main/contract/api/api.ts'
import type { Plan } from '../../src-main/contract/engine-api.ts'
import type { ErrorRecord } from '../../src-main/contract/errors.ts'
import { iterates, reads } from '../../src-main/contract/methods/lookup.ts'
import type { ResolvedConfig, RunConfig } from '../../src-main/contract/run/config.ts'
import { type ConfigIssue, configIssues, resolveConfig } from '../../src-main/contract/run/resolve.ts'
import type { RunDetail } from '../../src-main/contract/run/run.ts'
import { client, errorOf } from '../bridge.ts'
import { type Models, plain, together, withModels } from './checkpoints/models.ts'
import { configOfRun, relative } from './config-of-run.ts'

type Fields = Record<string, unknown>
type Aim = ResolvedConfig['tasks'][number]['aim']
interface Checked {
  config: unknown
  issues: readonly ConfigIssue[]
  error: ErrorRecord | null
  plan: Plan | null
}

class Compose {
  #grant = $state<string | null>(null)
  #folder = ''
  #models = $state.raw<Models | null>(null) // of the library, in place of the configuration's own
  #fields = $state<Fields>({})
  #start = $state<Fields>({})
  #source = $state.raw<Pick<RunConfig, 'pretrained' | 'vectors' | 'tasks'> | null>(null)
  #checked = $state.raw<Checked | null>(null)
  #busy = $state(false)
  readonly off = new SvelteSet<string>() // "vector PATH" and "task NAME" that sit out

  #config = $derived.by(() => this.#written())
  #own = $derived(configIssues(this.#config))

  get config() {
    return this.#config
  }
  /** null until a project is open. */
  get grant() {
    return this.#grant
  }
  get source() {
    return this.#source
  }
  /** Whether models of the library stand in place of the configuration's own. */
  get fromLibrary() {
    return this.#models !== null
  }
  get busy() {
    return this.#busy
  }
  /** The answer to the settings as they are now; null while they are being checked. */
  get checked() {
    return this.#checked?.config === this.#config ? this.#checked : null
  }
  /** The newest plan, also while a change is being checked. */
  get plan() {
    return this.#own.length ? null : (this.#checked?.plan ?? null)
  }
  get issues(): readonly ConfigIssue[] {
    return this.#own.length ? this.#own : (this.checked?.issues ?? [])
  }
  get ready() {
    return this.#grant !== null && this.issues.length === 0 && !this.checked?.error && !this.#busy
  }

  /** What empty fields stand for; null while something is wrong. */
  get effective(): ResolvedConfig | null {
    return this.#own.length ? null : resolveConfig(this.#config, (path) => path)
  }

  /** "seed" or "start.epochs" as typed; undefined when empty. */
  value(name: string): unknown {
    return name.startsWith('start.') ? this.#start[name.slice(6)] : this.#fields[name]
  }

  set(name: string, value: unknown): void {
    if (name.startsWith('start.')) this.#start[name.slice(6)] = value
    else this.#fields[name] = value
  }

  /** Takes a project's own settings; models chosen in the library stay. */
  adopt(project: Project): void {
    this.#grant = project.grant
    this.#folder = project.folder
    this.load(project.config)
  }

  load(config: RunConfig): void {
    const models = this.#models
    const { start, pretrained, vectors, tasks, ...fields } = { ...config, ...models?.settings }
    this.#fields = { ...fields }
    this.#start = { method: 'atlas', ...start }
    this.#source = { pretrained, vectors, tasks }
    this.off.clear()
    if (models) this.#source = withModels(this.#source, models, (path) => relative(path, this.#folder))
  }

  /** Data sets of models that were chosen, which no task is for yet. */
  get withoutTask(): readonly string[] {
    const tasks = this.#source?.tasks ?? []
    return (this.#models?.tasks ?? []).flatMap(({ dataset }) =>
      tasks.some(({ name }) => plain(name) === plain(dataset)) ? [] : [dataset],
    )
  }

  /** Where no project is open: what the library and the data sets hold may be used, and nothing else is needed. */
  async withoutProject(): Promise<void> {
    if (this.#grant !== null) return
    this.#grant = (await client.projects.library()).grant
    this.#folder = ''
    this.#fields = { method: 'dv-basi', ...this.#fields }
    this.#start = { method: 'atlas', ...this.#start }
  }

  /**
   * Models of the library, together with those chosen before. They wait where no project is open: its data are wanted
   * too.
   */
  use(models: Models): void {
    this.#models = together(this.#models, models)
    for (const [name, value] of Object.entries(models.settings ?? {})) this.set(name, value)
    const own = this.#source ?? { pretrained: '', vectors: [], tasks: [] }
    this.#source = withModels(own, this.#models, (path) => relative(path, this.#folder))
  }

  /** A path of the configuration as the library knows it. */
  absolute(path: string): string {
    return path === '' || this.#folder === '' || /^([/\\]|[a-z]:)/i.test(path)
      ? path
      : `${this.#folder.replace(/[/\\]$/, '')}/${path}`
  }

  /** A vector or task takes part, or sits out: "vector PATH", "task NAME". */
  flip(key: string, on: boolean): void {
    if (on) this.off.delete(key)
    else this.off.add(key)
  }

  /** What a task is in the run for. */
  aim(task: string, aim: Aim): void {
    const source = this.#source
    if (source) this.#source = { ...source, tasks: source.tasks.map((t) => (t.name === task ? { ...t, aim } : t)) }
  }

  /** The configuration's own models again. */
  leaveLibrary(project: Project | null): void {
    this.#models = null
    if (project) this.load(project.config)
    else this.#source = null
  }

  /** Settings of a stored run, with its own models. */
  again(run: RunDetail, project: Project): void {
    this.#models = null
    this.#grant = project.grant
    this.#folder = project.folder
    this.load(configOfRun(run.config, project.folder))
  }

  /** Asks the engine about the present settings; the answer to older ones is dropped. */
  async check(): Promise<void> {
    const config = this.#config
    const grant = this.#grant
    if (grant === null || this.#own.length) return
    try {
      const answer = await client.config.check({ grant, config })
      if (config === this.#config) this.#checked = { config, ...answer }
    } catch (thrown) {
      if (config === this.#config) this.#checked = { config, issues: [], error: errorOf(thrown), plan: null }
    }
  }

  /** The new run's number. */
  async begin(): Promise<number> {
    this.#busy = true
    try {
      return (await client.runs.start({ grant: this.#grant ?? '', config: this.#config })).run
    } finally {
      this.#busy = false
    }
  }

  #written(): Fields {
    const { iterations, ...fields } = defined(this.#fields)
    const { checkpoint, ...start } = defined(this.#start)
    return {
      ...fields,
      pretrained: this.#source?.pretrained,
      vectors: (this.#source?.vectors ?? []).filter((v) => !this.off.has(`vector ${v}`)),
      tasks: (this.#source?.tasks ?? []).filter((t) => !this.off.has(`task ${t.name}`)),
      ...(iterates(String(fields.method)) && {
        ...(iterations !== undefined && { iterations }),
        start: reads(String(start.method), 'checkpoint') && checkpoint !== undefined ? { ...start, checkpoint } : start,
      }),
    }
  }
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== undefined))
}

export const compose = new Compose()
