// The merge being composed: its draft, kept for this tab, and its plan, asked once the typing rests. The answer to an
// older draft is dropped, but its plan stays on screen meanwhile.
import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { MergekitOpened, MergekitSource, MergePlanned, Taken } from '../../../src-main/contract/api/merges.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { Preset } from '../../../src-main/contract/merges/card.ts'
import { client, errorOf } from '../../bridge.ts'
import { checkpoints } from '../checkpoints/checkpoints.svelte.ts'
import { undo } from '../undo.svelte.ts'
import { askedOf } from './asked.ts'
import { type Draft, formOf, readDraft, withMergekit, withRows, withTaken } from './draft.ts'
import { standOf } from './stand.ts'

interface Answer {
  of: string // what was asked, as text
  error: ErrorRecord | null
  planned: MergePlanned | null
}

/** A recipe of mergekit's that the draft was filled from. */
interface OpenedRecipe extends MergekitOpened {
  source: MergekitSource
}

const key = 'basil-merge'
const storage = typeof sessionStorage === 'undefined' ? null : sessionStorage

class Merging {
  #draft = $state.raw<Draft>(readDraft(storage?.getItem(key) ?? null))
  #answer = $state.raw<Answer | null>(null)
  #busy = $state(false)
  #recipe = $state.raw<OpenedRecipe | null>(null)
  #stand = $derived(standOf(this.#draft, (id) => checkpoints.of(id)?.name ?? `row ${id}`))
  #asked = $derived(askedOf(this.#draft, this.#stand))
  // by value: rows of the library are made anew while it reads and hashes
  #key = $derived(JSON.stringify(this.#asked))

  get draft() {
    return this.#draft
  }
  get stand() {
    return this.#stand
  }
  /** null while something is wrong. */
  get asked() {
    return this.#asked
  }
  /** What is asked, as text: it changes where that does. */
  get key() {
    return this.#key
  }
  /** To the draft as it is now; null while it is awaited. */
  get answer() {
    return this.#answer?.of === this.#key ? this.#answer : null
  }
  /** The newest, also while a change is being planned. */
  get planned() {
    return this.#asked === null ? null : (this.#answer?.planned ?? null)
  }
  get busy() {
    return this.#busy
  }
  /** The recipe of mergekit's that was opened last; null: none, or put away. */
  get recipe() {
    return this.#recipe
  }
  get ready() {
    const { planned = null, error = null } = this.answer ?? {}
    const isRefused = planned?.plan.tensors.some(({ fate }) => fate === 'refused') ?? true
    return !this.#busy && error === null && !isRefused && planned?.taken === null
  }

  change(part: Partial<Draft>): void {
    this.#draft = { ...this.#draft, ...part }
    storage?.setItem(key, JSON.stringify(this.#draft))
  }

  /** Rows chosen in the library. */
  use(entries: readonly Entry[]): void {
    this.change(withRows(this.#draft, entries, checkpoints.entries))
  }

  /** Fills the draft, and offers the one from before. */
  #fill(draft: Draft, what: string): void {
    const before = this.#draft
    this.change(draft)
    undo.give(`The merge was filled from ${what}.`, () => this.change(before))
  }

  /** The best of a search. */
  fill(taken: Taken, what: string): void {
    this.#recipe = null
    this.#fill(withTaken(this.#draft, taken), what)
  }

  /** A recipe of mergekit's; its models become rows of the library first. */
  async open(source: MergekitSource): Promise<void> {
    const opened = await client.merges.openMergekit({ source })
    await checkpoints.load()
    this.#recipe = { ...opened, source }
    this.#fill(withMergekit(this.#draft, opened), 'the recipe')
  }

  /** As the recipe is written, with the form of the draft. */
  async beginAsWritten(): Promise<void> {
    if (this.#recipe) await client.merges.startMergekit({ source: this.#recipe.source, form: formOf(this.#draft) })
  }

  putRecipeAway(): void {
    this.#recipe = null
  }

  /** Of the present method; undefined: its default. */
  setParameter(name: string, value: unknown): void {
    const { method, parameters } = this.#draft
    const { [name]: _, ...others } = parameters[method] ?? {}
    const own = value === undefined ? others : { ...others, [name]: value }
    this.change({ parameters: { ...parameters, [method]: own } })
  }

  /** Of all vectors, or of one; undefined: the method's own. */
  setLambda(value: unknown, one?: number): void {
    const { method, lambda, lambdas } = this.#draft
    if (one === undefined) this.change({ lambda: { ...lambda, [method]: value } })
    else {
      const own = [...(lambdas[method] ?? [])]
      own[one] = value
      this.change({ lambdas: { ...lambdas, [method]: Array.from(own) } })
    }
  }

  setWeight(id: number, value: unknown): void {
    this.change({ weights: { ...this.#draft.weights, [id]: value } })
  }

  take({ parameters, coefficient }: Preset): void {
    const { method } = this.#draft
    this.change({
      parameters: { ...this.#draft.parameters, [method]: { ...parameters } },
      lambda: { ...this.#draft.lambda, [method]: coefficient },
      lambdas: { ...this.#draft.lambdas, [method]: [] },
    })
  }

  /** Never rejects: what went wrong is the answer. */
  async plan(): Promise<void> {
    const [of, asked] = [this.#key, this.#asked]
    if (asked === null) return
    const answer = await client.merges
      .plan(asked)
      .catch((thrown: unknown) => ({ error: errorOf(thrown), planned: null }))
    if (of === this.#key) this.#answer = { of, ...answer }
  }

  /** The job's number; null: the dialog for its place was closed. */
  async begin(): Promise<number | null> {
    const asked = this.#asked
    if (asked === null) return null
    this.#busy = true
    try {
      const begun = await client.merges.start(asked)
      if (begun) this.change({ name: '' }) // the next one has a name of its own
      return begun?.job ?? null
    } finally {
      this.#busy = false
    }
  }
}

export const merging = new Merging()
