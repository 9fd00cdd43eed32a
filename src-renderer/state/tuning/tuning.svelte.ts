// The fine-tunings being written: their draft, kept in the data folder, what the workbench says of it once the typing
// rests, the heads made for it, and its start. The answer to an older draft is dropped, but its plan stays on screen.
import type { HeadDone } from '../../../src-main/contract/api/heads.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import { tuningIssues } from '../../../src-main/contract/tuning/config.ts'
import type { TuningPlan } from '../../../src-main/contract/tuning/tuning.ts'
import { client, errorOf } from '../../bridge.ts'
import { checkpoints } from '../checkpoints/checkpoints.svelte.ts'
import { LongWork } from '../checkpoints/long-work.svelte.ts'
import { plain } from '../checkpoints/models.ts'
import { dataSets } from '../data/data-sets.svelte.ts'
import { taskName } from '../data/task-splits.ts'
import { remembered } from '../remembered.svelte.ts'
import { configsOf, type Draft, type DraftTask, readDraft, templateOf, unchosen, writtenTasks } from './draft.ts'

const key = 'tuning.draft'

export interface Checked {
  task: string
  issues: readonly { field: string; message: string }[]
  error: ErrorRecord | null
  plan: TuningPlan | null
}

interface Answer {
  of: string // what was asked, as text
  checks: readonly Checked[]
}

const places = {
  model: (id: number) => checkpoints.of(id)?.path,
  set: (id: number) => dataSets.of(id),
}

class Tuning {
  #draft = $derived(readDraft(remembered.value(key)))
  #configs = $derived(configsOf(this.#draft, places))
  #missing = $derived(unchosen(this.#draft, places))
  #own = $derived(
    this.#missing.length > 0 ? [] : this.#configs.flatMap((config) => tuningIssues(config)).filter(isFirstOfItsField),
  )
  // by value: rows of the library and of the data are made anew while they are read
  #key = $derived(JSON.stringify(this.#configs))
  #answer = $state.raw<Answer | null>(null)
  #busy = $state(false)
  #grant: string | null = null
  #heading = $state.raw<number | null>(null) // the data set whose head is being made
  readonly head = new LongWork<HeadDone>()

  get draft() {
    return this.#draft
  }
  /** What is asked, as text: it changes where that does. */
  get key() {
    return this.#key
  }
  get pretrained() {
    return checkpoints.of(this.#draft.pretrained)
  }
  /** What has to be chosen, then what is wrong with what was typed. */
  get issues() {
    return this.#missing.length > 0 ? this.#missing : this.#own
  }
  /** To the draft as it is now; null while it is awaited. */
  get answer() {
    return this.#answer?.of === this.#key ? this.#answer.checks : null
  }
  /** The newest, also while a change is being checked; null while something is wrong. */
  get checks() {
    return this.issues.length > 0 ? null : (this.#answer?.checks ?? null)
  }
  get busy() {
    return this.#busy
  }
  get ready() {
    const { answer } = this
    return !this.#busy && this.issues.length === 0 && (answer?.every(({ plan }) => plan !== null) ?? false)
  }
  get heading() {
    return this.#heading
  }
  /** Whether the chosen model reads words, so that a head can be made of class names; null: not known. */
  get readsWords() {
    const towers = this.pretrained?.towers
    return towers === undefined ? null : towers.text !== null
  }

  change(part: Partial<Draft>): void {
    remembered.set(key, JSON.parse(JSON.stringify({ ...this.#draft, ...part })))
  }

  /** One field; undefined: its default. own: of the present kind alone. */
  set(name: string, value: unknown, own = false): void {
    const { kind } = this.#draft
    const before = own ? (this.#draft.own[kind] ?? {}) : this.#draft.fields
    const { [name]: _, ...others } = before
    const fields = value === undefined ? others : { ...others, [name]: value }
    this.change(own ? { own: { ...this.#draft.own, [kind]: fields } } : { fields })
  }

  value(name: string, own = false): unknown {
    return (own ? this.#draft.own[this.#draft.kind] : this.#draft.fields)?.[name]
  }

  changeTask(dataSet: number, part: Partial<DraftTask>): void {
    this.change({ tasks: this.#draft.tasks.map((task) => (task.dataSet === dataSet ? { ...task, ...part } : task)) })
  }

  leaveOut(dataSet: number): void {
    if (this.#heading === dataSet) this.stopHead()
    this.change({ tasks: this.#draft.tasks.filter((task) => task.dataSet !== dataSet) })
  }

  /** Never rejects: what went wrong is the answer. */
  async ask(): Promise<void> {
    const [of, configs] = [this.#key, this.#configs]
    if (this.issues.length > 0) return
    const checks: Checked[] = []
    for (const config of configs) {
      checks.push({ task: nameIn(config), ...(await this.#check(config)) })
      if (of !== this.#key) return // it was changed meanwhile
    }
    this.#answer = { of, checks }
  }

  async #check(config: unknown): Promise<Omit<Checked, 'task'>> {
    try {
      const told = await client.tunings.check({ grant: await this.#granted(), config })
      if (told.error?.code !== 'not-allowed') return told
      this.#grant = null // a server that was started again has granted nothing yet
      return await client.tunings.check({ grant: await this.#granted(), config })
    } catch (thrown) {
      return { issues: [], error: errorOf(thrown), plan: null }
    }
  }

  async #granted(): Promise<string> {
    this.#grant ??= (await client.projects.library()).grant
    return this.#grant
  }

  /** Their numbers, in the order of the data sets. */
  async start(): Promise<number[]> {
    this.#busy = true
    try {
      const grant = await this.#granted()
      const { convention } = this.#draft
      const [first, ...others] = this.#configs
      if (others.length === 0) return [(await client.tunings.start({ grant, config: first, convention })).tuning]
      const [template, tasks] = [templateOf(this.#draft, places), writtenTasks(this.#draft, places)]
      return (await client.tunings.startSet({ grant, template, tasks, convention })).tunings
    } finally {
      this.#busy = false
    }
  }

  /**
   * A head for a data set, as a job before: of its class names by the model's text tower, or fitted to the model's
   * features of its images. It is chosen once it is there. Never rejects.
   */
  async makeHead(dataSet: number, way: 'zero-shot' | 'probe'): Promise<void> {
    const task = this.#draft.tasks.find((one) => one.dataSet === dataSet)
    const [set, model] = [dataSets.of(dataSet), this.#draft.pretrained]
    if (!task || !set || model === null) return
    this.#heading = dataSet
    await this.head.begin(async (signal) => {
      const { facts } = await client.data.show({ id: dataSet })
      const name = `${taskName(set.name)} ${way === 'probe' ? 'probe' : 'zero-shot'}`
      if (way === 'zero-shot') {
        const known = (await client.heads.prompts()).classes.find((one) => plain(one.name) === plain(set.name))
        return client.heads.make({ model, classes: known?.name ?? facts?.classes ?? [], name }, { signal })
      }
      const images = (split: string) => ({ dataSet, split })
      const validation = task.validation === '' ? null : images(task.validation)
      const classes = facts?.classes ?? Math.max(2, set.classes ?? 2)
      return client.heads.probe({ model, data: images(task.data), validation, classes, name }, { signal })
    })
    const done = this.head.result
    if (done === null) return
    this.changeTask(dataSet, { head: done.head })
    await checkpoints.load()
    if (this.#heading === dataSet) this.#heading = null
  }

  stopHead(): void {
    this.head.stop()
    this.#heading = null
  }
}

type Issue = ReturnType<typeof tuningIssues>[number]
/** All configurations of a set are wrong in the same way. */
const isFirstOfItsField = (issue: Issue, i: number, all: readonly Issue[]): boolean =>
  all.findIndex(({ field }) => field === issue.field) === i

function nameIn({ task }: Record<string, unknown>): string {
  return typeof task === 'object' && task !== null && 'name' in task ? String(task.name) : ''
}

export const tuning = new Tuning()
