// The run being written on the Compose page: one draft, kept over a reload, and never replaced unasked. What it names
// lies in a project's folder, or in the library and the data sets.
import type { Project } from '../../src-main/contract/api/projects.ts'
import { configSchema, type ResolvedConfig, type RunConfig } from '../../src-main/contract/run/config.ts'
import type { RunDetail } from '../../src-main/contract/run/run.ts'
import { client } from '../bridge.ts'
import { type Models, plain, together, withModels } from './checkpoints/models.ts'
import { asFresh, configOf, type Draft, draftOf, draftOfModels, isChanged, readDraft } from './compose/draft.ts'
import { nameOf, unnamed } from './compose/name.ts'
import { portable } from './compose/portable.ts'
import { reopen } from './compose/reopen.ts'
import { ConfigCheck } from './config-check.svelte.ts'
import { remembered } from './remembered.svelte.ts'
import { absolute, configOfRun, relative } from './run/config-of-run.ts'
import { undo } from './undo.svelte.ts'

type Aim = ResolvedConfig['tasks'][number]['aim']
interface Asked {
  what: string // "The sample project"
  put: () => void
}

const key = 'compose.draft'

class Compose {
  #grant = $state<string | null>(null)
  #draft = $state.raw<Draft | null>(null)
  #project = $state.raw<Project | null>(null) // with its presets; null: of the library, or not open again yet
  #models = $state.raw<Models | null>(null) // of the library, put in place of the configuration's own
  #asked = $state.raw<Asked | null>(null)
  #busy = $state(false)

  #name = $derived(this.#draft ? nameOf(this.#draft) : '')
  #config = $derived(this.#draft ? configOf(this.#draft, this.#name) : {})
  readonly #check = new ConfigCheck(() => this.#config)

  get config() {
    return this.#config
  }
  /** null until a project is open. */
  get grant() {
    return this.#grant
  }
  get source() {
    return this.#draft?.source ?? null
  }
  /** What was opened, in words. */
  get title() {
    return this.#draft?.title ?? ''
  }
  get folder() {
    return this.#draft?.folder ?? ''
  }
  /** What is open, with the configurations beside it; null: models of the library. */
  get project() {
    return this.#project
  }
  /** Whether models of the library stand in place of the configuration's own. */
  get fromLibrary() {
    return this.#models !== null && this.#draft?.origin.kind !== 'library'
  }
  get busy() {
    return this.#busy
  }
  /** The engine's answer to the settings as they are now; null while it is awaited. */
  get checked() {
    return this.#check.answer
  }
  get plan() {
    return this.#check.plan
  }
  get issues() {
    return this.#check.issues
  }
  /** How long it takes, as measured here or as earlier runs tell; null: not known. */
  get estimate() {
    return this.#check.estimate
  }
  get measuring() {
    return this.#check.measuring
  }
  /** What empty fields stand for; null while something is wrong. */
  get effective() {
    return this.#check.effective
  }
  /** The engine has said that the settings, as they are now, can be run. */
  get ready() {
    return this.#grant !== null && this.checked?.plan != null && this.issues.length === 0 && !this.#busy
  }
  /** What it is called while nobody names it. */
  get defaultName() {
    return this.#name
  }
  get name() {
    return String(this.value('name') ?? this.#name)
  }
  /** Why it cannot be a file or a preset yet; null where it can. */
  get unfinished() {
    return this.#check.unfinished
  }
  /** The configuration for a file that may lie anywhere. */
  get portable() {
    return portable(configSchema.parse(this.#config), this.folder)
  }
  /** The one its settings were loaded from, "own NAME" or "NAME"; "": none. */
  get preset() {
    return this.#draft?.preset ?? ''
  }
  get changed() {
    return this.#draft !== null && isChanged(this.#draft)
  }
  /** What would take the draft's place, if the person says so. */
  get asked() {
    return this.#asked?.what ?? null
  }

  /** "seed" or "start.epochs" as typed; undefined when empty. */
  value(name: string): unknown {
    return name.startsWith('start.') ? this.#draft?.start[name.slice(6)] : this.#draft?.fields[name]
  }

  set(name: string, value: unknown): void {
    const draft = this.#draft
    if (!draft) return
    if (name.startsWith('start.')) this.#put({ ...draft, start: { ...draft.start, [name.slice(6)]: value } })
    else if (name === 'name')
      this.#put({ ...draft, fields: { ...draft.fields, name: value }, named: value ? 'typed' : null })
    else this.#put({ ...draft, fields: { ...draft.fields, [name]: value } })
    if (name === 'method' && draft.named === 'given') this.set('name', undefined) // it told of another one
  }

  /** Whether a vector or a task sits out: "vector PATH", "task NAME". */
  sitsOut(key: string): boolean {
    return this.#draft?.off.includes(key) ?? false
  }

  /** A vector or task takes part, or sits out. */
  flip(key: string, on: boolean): void {
    const off = this.#draft?.off.filter((other) => other !== key) ?? []
    if (this.#draft) this.#put({ ...this.#draft, off: on ? off : [...off, key] })
  }

  /** What a task is in the run for. */
  aim(task: string, aim: Aim): void {
    const { tasks = [] } = this.source ?? {}
    this.#putSource({ tasks: tasks.map((t) => (t.name === task ? { ...t, aim } : t)) })
  }

  /** Does it at once, or where a changed draft would be lost, once the person agrees. */
  replace(what: string, put: () => void): void {
    if (this.changed) this.#asked = { what, put }
    else put()
  }

  /** The person's answer. What is replaced can be brought back. */
  answer(yes: boolean): void {
    const asked = this.#asked
    this.#asked = null
    if (!yes || !asked) return
    const [draft, grant, project, models] = [this.#draft, this.#grant, this.#project, this.#models]
    asked.put()
    undo.give('The run you were writing was replaced.', () => {
      ;[this.#draft, this.#grant, this.#project, this.#models] = [draft, grant, project, models]
      this.#keep()
    })
  }

  /** A project with its own settings and its own models. */
  adopt(project: Project): void {
    this.#models = null
    this.#grant = project.grant
    this.#project = project
    this.#put(draftOf(project, project.config))
  }

  /** Other settings for the same files: of a preset, or as they were opened. */
  load(config: RunConfig, preset = ''): void {
    const draft = this.#draft
    if (!draft) return
    this.#put({ ...draftOf({ origin: draft.origin, name: draft.title, folder: draft.folder }, config), preset })
    if (this.#models) this.#withModels(this.#models)
  }

  /** A new run of models of the library, with their tasks alone. */
  async startWith(models: Models, title: string): Promise<void> {
    const { grant } = await client.projects.library()
    this.replace(title, () => {
      this.#grant = grant
      this.#project = null
      this.#models = models
      this.#put(draftOfModels(models, title))
    })
  }

  /** Settings of a stored run, with its own models. */
  again(run: RunDetail, project: Project): void {
    this.adopt({ ...project, config: configSchema.parse(configOfRun(run.config, project.folder)) })
    if (this.#draft) this.#put(unnamed(this.#draft, run.config))
  }

  /** Models, tasks or heads of the library, together with those chosen before. */
  use(models: Models): void {
    this.#models = together(this.#models, models)
    this.#withModels(this.#models)
  }

  /** Data sets of models that were chosen, which no task is for yet. */
  get withoutTask(): readonly string[] {
    const tasks = this.source?.tasks ?? []
    return (this.#models?.tasks ?? []).flatMap(({ dataset }) =>
      tasks.some(({ name }) => plain(name) === plain(dataset)) ? [] : [dataset],
    )
  }

  /** Where nothing is open: what the library and the data sets hold may be used, and nothing else is needed. */
  async begin(): Promise<void> {
    if (this.#draft === null) await this.startWith({}, 'Models and data sets')
  }

  /** A path of the configuration as the library knows it. */
  absolute(path: string): string {
    return absolute(path, this.folder)
  }

  /** The configuration's own models again. */
  leaveLibrary(): void {
    this.#models = null
    if (this.#project) this.load(this.#project.config)
  }

  /** Nothing is being written any more. */
  discard(): void {
    this.replace('An empty page', () => {
      ;[this.#models, this.#project, this.#grant, this.#draft] = [null, null, null, null]
      this.#keep()
    })
  }

  /** What was being written before a reload, also where its files cannot be opened again, which is thrown. */
  async restore(): Promise<void> {
    this.#draft ??= readDraft(remembered.value(key))
    if (this.#grant === null) await this.renew()
  }

  /** A server that was started again has granted nothing yet: the draft's files are opened once more. */
  async renew(): Promise<void> {
    const origin = this.#draft?.origin
    if (!origin) return
    const { project, grant } = await reopen(origin)
    if (this.#draft?.origin !== origin) return // something else was opened meanwhile
    this.#grant = grant
    this.#project = this.#project ? { ...this.#project, grant } : project
  }

  /** Asks the engine about the present settings. */
  async check(): Promise<void> {
    if (this.#grant !== null) await this.#check.ask(this.#grant)
  }

  /** How long it takes, by its first two steps. */
  measure(): Promise<void> {
    return this.#check.measure(this.#grant ?? '')
  }

  /** The new run's number. What was started is not lost when another takes its place. */
  async start(): Promise<number> {
    this.#busy = true
    try {
      const { run } = await client.runs.start({ grant: this.#grant ?? '', config: this.#config })
      if (this.#draft) this.#put(asFresh(this.#draft))
      return run
    } finally {
      this.#busy = false
    }
  }

  #withModels(models: Models): void {
    const own = this.source ?? { pretrained: '', vectors: [], tasks: [] }
    this.#putSource(withModels(own, models, (path) => relative(path, this.folder)))
  }

  #putSource(source: Partial<Draft['source']>): void {
    if (this.#draft) this.#put({ ...this.#draft, source: { ...this.#draft.source, ...source } })
  }

  #put(draft: Draft): void {
    this.#draft = draft
    this.#keep()
  }

  #keep(): void {
    remembered.set(key, this.#draft && JSON.parse(JSON.stringify(this.#draft)))
  }
}

export const compose = new Compose()
