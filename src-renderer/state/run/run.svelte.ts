// One run on screen: what history has, then what is told as it goes on. Events are gathered and applied in a frame a
// few times a second, not one by one.
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { RunEvent } from '../../../src-main/contract/run/run.ts'
import { client, errorOf } from '../../bridge.ts'
import { connection } from '../connection.svelte.ts'
import { applyEvent, type LiveRun, liveRun } from './apply-event.ts'
import { withLog } from './log.ts'

const hiddenPause = 500 // ms between two looks while the page is in the background, where frames do not come
const drawPause = 150 // ms between two looks while it is in front
const calmPause = 1_000 // ms before a stream that broke is read again

export class RunView {
  readonly run: number
  #live = $state.raw<LiveRun | null>(null)
  #failed = $state.raw<ErrorRecord | null>(null)
  #shownAt = $state(0) // ms, when seconds were read
  #heardAt = $state(0) // ms, when the time that is left was told
  #stoodAt = 0 // ms, when it was seen to run no more
  #waiting: RunEvent[] = []
  #scheduled = false
  #isFollowed = false
  #stop = new AbortController()

  constructor(run: number) {
    this.run = run
    void this.#follow()
  }

  get live() {
    return this.#live
  }
  get detail() {
    return this.#live?.detail
  }
  get failed() {
    return this.#failed
  }
  get running() {
    return this.#live?.detail.state === 'running'
  }

  /** It begins when its turn comes in the queue, or once it is let go there. */
  get waits() {
    const state = this.#live?.detail.state
    return state === 'waiting' || state === 'paused'
  }

  /** Engine seconds up to `now` (ms). */
  elapsed(now: number): number {
    const seconds = this.#live?.detail.seconds ?? 0
    return this.running ? seconds + Math.max(0, connection.known(now) - this.#shownAt) / 1000 : seconds
  }

  /** Seconds left at `now` (ms), by what was told last; never 0 while it runs, null while unknown. */
  remaining(now: number): number | null {
    const left = this.#live?.remainingSeconds
    if (!this.running || left === null || left === undefined) return null
    return Math.max(1, left - (connection.known(now) - this.#heardAt) / 1000)
  }

  /** Leaves the run; it goes on without us. */
  close(): void {
    this.#stop.abort()
  }

  /** Reads the run again and follows it, after it was resumed. */
  async again(): Promise<void> {
    this.#stop.abort()
    this.#stop = new AbortController()
    await this.#follow()
  }

  /** Something of some run is new: it may have another name, or go on, by another window. */
  async look(): Promise<void> {
    if (!this.#live) return
    await this.#show(this.#stop.signal)
    if ((this.running || this.waits) && !this.#isFollowed) void this.#follow() // until it is over
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop
    this.#isFollowed = true
    await this.#followUntil(signal)
    if (!signal.aborted) this.#isFollowed = false
  }

  async #followUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#show(signal)
        if (!(this.running || this.waits) || signal.aborted) return
        const events = await client.runs.watch({ run: this.run }, { signal })
        await this.#show(signal) // what was committed before the stream began
        for await (const event of events) this.#hear(event, signal)
        this.#flush()
      } catch (thrown) {
        if (signal.aborted) return
        if (connection.current === 'open' && !this.#live) {
          this.#failed = errorOf(thrown)
          return
        }
      }
      await new Promise((resolve) => setTimeout(resolve, this.running ? calmPause : 0))
      await connection.returned()
    }
  }

  async #show(signal: AbortSignal): Promise<void> {
    const detail = await client.runs.show({ run: this.run }, { signal })
    if (signal.aborted) return
    this.#put({ ...(this.#live ?? liveRun(detail)), detail })
    this.#failed = null
    this.#shownAt = Date.now()
    if (detail.state === 'running' && detail.seconds === 0)
      this.#shownAt = Math.min(Date.now(), new Date(detail.created).getTime())
  }

  #hear(event: RunEvent, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#waiting.push(event)
    if (this.#scheduled) return
    this.#scheduled = true
    if (document.hidden) setTimeout(() => this.#flush(), hiddenPause)
    else setTimeout(() => requestAnimationFrame(() => this.#flush()), drawPause)
  }

  #flush(): void {
    this.#scheduled = false
    const events = this.#waiting
    this.#waiting = []
    if (!this.#live || events.length === 0) return
    if (events.some((e) => e.type === 'epoch' || e.type === 'pulse')) this.#heardAt = Date.now()
    const at = new Date()
    this.#put(events.reduce((live, event) => withLog(applyEvent(live, event), event, at), this.#live))
  }

  /** What is left of it stands still while it does. */
  #put(live: LiveRun): void {
    const ran = this.running
    this.#live = live
    if (ran && !this.running) this.#stoodAt = Date.now()
    else if (!ran && this.running && this.#stoodAt > this.#heardAt) this.#heardAt += Date.now() - this.#stoodAt
  }
}
