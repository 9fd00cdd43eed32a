// A mix that is open: its coefficients as they are moved, and what was measured of them. While a slider moves, the
// first numbers of one mix are waited for before the next is asked for, so that numbers keep coming; what is measured
// beyond them gives way to the newest at once.
import type { MixCoefficients, MixEvent, MixScores, OpenedMix, WantedMix } from '../../../src-main/contract/api/mix.ts'
import { formSchema } from '../../../src-main/contract/checkpoint.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import { isSameMix, type MixCells, withMean, zeroOf } from '../../../src-main/contract/mix/coefficients.ts'
import type { Progress } from '../../../src-main/contract/run/run.ts'
import { client, errorOf } from '../../bridge.ts'
import { type Move, type Tried, withMove, withTried } from './past.ts'

export type Client = Pick<typeof client, 'mix'>

export class LiveMix {
  readonly of: WantedMix
  readonly #client: Client
  #leaving = new AbortController()
  #opened = $state.raw<OpenedMix | null>(null)
  #isOpen = $state(false) // in the engine
  #waiting = $state<string | null>(null) // for what
  #progress = $state.raw<Progress | null>(null)
  #closed = $state<Extract<MixEvent, { type: 'closed' }>['why'] | null>(null)
  #failed = $state.raw<ErrorRecord | null>(null)
  #mix = $state.raw<MixCoefficients | null>(null)
  #scores = $state.raw<MixScores | null>(null) // of the present mix, or of the last that was measured
  #measured = $state.raw<MixCoefficients | null>(null) // which the scores are of
  #tried = $state.raw<readonly Tried[]>([])
  #moves = $state.raw<readonly Move[]>([])
  #job = $state<number | null>(null) // that writes it
  #exporting = $state(false)
  measured = '' // in words, for the card
  #turn = 0
  #isFirst = false // first numbers are waited for

  constructor(of: WantedMix, over: Client = client) {
    this.of = of
    this.#client = over
  }

  get opened() {
    return this.#opened
  }
  get isOpen() {
    return this.#isOpen
  }
  get waiting() {
    return this.#waiting
  }
  get progress() {
    return this.#progress
  }
  get closed() {
    return this.#closed
  }
  get failed() {
    return this.#failed
  }
  get mix() {
    return this.#mix
  }
  get scores() {
    return this.#scores
  }
  /** Whether the scores are of the coefficients as they are now. */
  get isCurrent() {
    return this.#measured === this.#mix
  }
  get tried() {
    return this.#tried
  }
  get canUndo() {
    return this.#moves.length > 0
  }
  get job() {
    return this.#job
  }
  get exporting() {
    return this.#exporting
  }
  get isOwn() {
    return this.#mix !== null && this.#opened !== null && isSameMix(this.#mix, this.#opened.own)
  }

  /** Until it is closed. Never rejects. */
  async open(): Promise<void> {
    this.#leaving.abort()
    this.#leaving = new AbortController()
    const { signal } = this.#leaving
    this.#closed = null
    this.#failed = null
    try {
      for await (const event of await this.#client.mix.open(this.of, { signal })) {
        if (signal.aborted) return
        this.#hear(event)
      }
    } catch (thrown) {
      if (!signal.aborted) this.#failed = errorOf(thrown)
    } finally {
      if (!signal.aborted) this.#isOpen = false
    }
  }

  close(): void {
    this.#leaving.abort()
    this.#turn++
    this.#isOpen = false
  }

  #hear(event: MixEvent): void {
    this.#waiting = event.type === 'waiting' ? event.for : null
    this.#progress = event.type === 'progress' ? event : null
    this.#isOpen = event.type === 'opened'
    if (event.type === 'closed') this.#closed = event.why
    if (event.type !== 'opened') return
    this.#opened = event
    this.#mix ??= event.own
    this.#isFirst = false
    this.#measure()
  }

  /** The mean of the cells. */
  move(cells: MixCells, value: number): void {
    if (!this.#mix) return
    this.#change(withMean(this.#mix, cells, value), JSON.stringify(cells))
  }

  reset(): void {
    if (this.#opened) this.#change(this.#opened.own, 'reset')
  }

  zero(): void {
    if (this.#mix) this.#change(zeroOf(this.#mix), 'zero')
  }

  take({ mix }: Tried): void {
    this.#change(mix, 'take')
  }

  undo(): void {
    const last = this.#moves.at(-1)
    if (!last) return
    this.#moves = this.#moves.slice(0, -1)
    this.#mix = last.before
    this.#measure()
  }

  #change(mix: MixCoefficients, of: string): void {
    if (!this.#mix || isSameMix(mix, this.#mix)) return
    this.#moves = withMove(this.#moves, { before: this.#mix, of, at: performance.now() })
    this.#mix = mix
    this.#measure()
  }

  #measure(): void {
    if (this.#closed === 'idle' || this.#closed === 'lost') void this.open() // it goes on where it was
    if (this.#isOpen && !this.#isFirst) void this.#score()
  }

  async #score(): Promise<void> {
    const [turn, mix, session] = [++this.#turn, this.#mix, this.#opened?.session]
    if (!mix || session === undefined) return
    const isPast = (): boolean => turn !== this.#turn
    this.#isFirst = true
    try {
      for await (const scores of await this.#client.mix.score({ session, coefficients: mix })) {
        if (isPast()) return
        this.#take(mix, scores)
        if (this.#mix !== mix) return void this.#score() // numbers of this one were seen; now the newest
        this.#isFirst = false
      }
      if (isPast()) return
      this.#isFirst = false
      if (this.#isOpen && this.#mix !== mix) void this.#score()
    } catch (thrown) {
      if (isPast()) return
      this.#isFirst = false
      this.#failed = errorOf(thrown)
    }
  }

  #take(mix: MixCoefficients, scores: MixScores): void {
    this.#scores = scores
    this.#measured = mix
    this.#failed = null
    if (scores.done) this.#tried = withTried(this.#tried, { mix, scores })
  }

  async export(): Promise<void> {
    if (!this.#opened || !this.#mix) return
    this.#exporting = true
    try {
      const { grouping, groups } = this.#opened
      const form = formSchema.parse({})
      const asked = { of: this.of, grouping, groups, coefficients: this.#mix, measured: this.measured, form }
      this.#job = (await this.#client.mix.export(asked))?.job ?? this.#job
    } finally {
      this.#exporting = false
    }
  }
}
