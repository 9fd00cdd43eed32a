// The fine-tuning whose page is open: what history has, then what is told as it goes on, gathered and applied a few
// times a second.
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { TuningEvent } from '../../../src-main/contract/tuning/tuning.ts'
import { client, errorOf } from '../../bridge.ts'
import { connection } from '../connection.svelte.ts'
import { applyEvents, type LiveTuning, liveTuning } from './live.ts'

const drawPause = 150 // ms between two looks
const calmPause = 1_000 // ms before a stream that broke is read again

class OpenedTuning {
  #number = $state<number | null>(null)
  #live = $state.raw<LiveTuning | null>(null)
  #failed = $state.raw<ErrorRecord | null>(null)
  #readAt = $state(0) // ms, when seconds were read
  #stopping = $state(false)
  #waiting: TuningEvent[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #isFollowed = false
  #leaving = new AbortController()
  confirming = $state(false) // the question before it is cancelled

  get number() {
    return this.#number
  }
  get running() {
    return this.#live?.detail.state === 'running'
  }
  get waits() {
    const state = this.#live?.detail.state
    return state === 'waiting' || state === 'paused'
  }
  /** It was asked to end, and to keep what there is. */
  get stopping() {
    return this.#stopping
  }
  /** null until it was read. */
  get live() {
    return this.#live
  }
  /** Why it could not be read. */
  get failed() {
    return this.#failed
  }

  /** Seconds over all sittings, up to `now` (ms). */
  elapsed(now: number): number {
    const seconds = this.#live?.detail.seconds ?? 0
    return this.running ? seconds + Math.max(0, connection.known(now) - this.#readAt) / 1000 : seconds
  }

  open(tuning: number): void {
    this.close()
    this.#number = tuning
    void this.#follow()
  }

  close(): void {
    this.#leaving.abort()
    this.#leaving = new AbortController()
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waiting = []
    this.#isFollowed = false
    this.#number = null
    this.#live = null
    this.#failed = null
    this.#stopping = false
    this.confirming = false
  }

  /** Something of some job is new: it may go on, by another window. */
  async look(): Promise<void> {
    if (!this.#live) return
    await this.#show(this.#leaving.signal)
    if ((this.running || this.waits) && !this.#isFollowed) void this.#follow()
  }

  async pause(now: boolean): Promise<void> {
    if (this.#number !== null) await client.tunings.pause({ tuning: this.#number, now })
  }

  async resume(): Promise<void> {
    if (this.#number === null) return
    await client.tunings.resume({ tuning: this.#number })
    await this.look()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#number !== null) await client.tunings.stop({ tuning: this.#number })
  }

  async cancel(): Promise<void> {
    this.confirming = false
    if (this.#number !== null) await client.tunings.cancel({ tuning: this.#number })
    await this.look()
  }

  async #follow(): Promise<void> {
    const { signal } = this.#leaving
    this.#isFollowed = true
    while (!signal.aborted && (await this.#sitting(signal))) {
      await new Promise((resolve) => setTimeout(resolve, this.running ? calmPause : 0))
      await connection.returned()
    }
    if (!signal.aborted) this.#isFollowed = false
  }

  /** Hears what is told as long as the stream lasts. Whether it is to be read again. */
  async #sitting(signal: AbortSignal): Promise<boolean> {
    const tuning = this.#number
    if (tuning === null) return false
    try {
      await this.#show(signal)
      if (signal.aborted || !(this.running || this.waits)) return false
      const told = await client.tunings.watch({ tuning }, { signal })
      await this.#show(signal) // what was committed before it began
      for await (const event of told) this.#hear(event, signal)
      this.#flush()
      return true
    } catch (thrown) {
      const isRefused = !this.#live && connection.current === 'open' && !signal.aborted
      if (isRefused) this.#failed = errorOf(thrown)
      return !isRefused
    }
  }

  async #show(signal: AbortSignal): Promise<void> {
    if (this.#number === null) return
    const detail = await client.tunings.show({ tuning: this.#number }, { signal })
    if (signal.aborted) return
    this.#live = { ...(this.#live ?? liveTuning(detail)), detail }
    this.#failed = null
    this.#readAt = Date.now()
    if (detail.state !== 'running') this.#stopping = false
  }

  #hear(event: TuningEvent, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#waiting.push(event)
    this.#timer ??= setTimeout(() => this.#flush(), drawPause)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const events = this.#waiting
    this.#waiting = []
    if (this.#live && events.length > 0) this.#live = applyEvents(this.#live, events)
  }
}

export const openedTuning = new OpenedTuning()
