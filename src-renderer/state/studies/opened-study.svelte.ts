// The study whose page is open: what was planned, how far it is, and its runs as far as their curves are wanted. Of
// thousands of runs those that changed are asked for alone; one that is over is read once.
import { SvelteMap } from 'svelte/reactivity'

import type { StudyDetail, StudySince } from '../../../src-main/contract/api/studies.ts'
import type { ErrorRecord } from '../../../src-main/contract/errors.ts'
import type { RunDetail } from '../../../src-main/contract/run/run.ts'
import { client, errorOf } from '../../bridge.ts'
import { follow } from '../work/follow.ts'
import { inPlaces } from './places.ts'

export const mostCurves = 100 // runs whose curves are read
const lookAgain = 2_000 // ms between two looks at the run that goes on

class OpenedStudy {
  #study: number | null = null
  #detail = $state.raw<StudyDetail | null>(null)
  #version = 0 // that is known; 0: none
  #failed = $state.raw<ErrorRecord | null>(null)
  readonly runs = new SvelteMap<number, RunDetail>()
  pausing = $state(false) // asked for, not yet done
  #leaving = new AbortController()

  get detail() {
    return this.#detail
  }
  get failed() {
    return this.#failed
  }

  /** Follows it until close(). */
  open(study: number): void {
    this.close()
    this.#study = study
    const { signal } = this.#leaving
    const timer = setInterval(() => this.#detail?.state === 'running' && void this.#readCurves(signal), lookAgain)
    signal.addEventListener('abort', () => clearInterval(timer))
    void follow(signal, client.studies.watch, () => this.#read(signal))
  }

  close(): void {
    this.#leaving.abort()
    this.#leaving = new AbortController()
    this.#study = null
    this.#detail = null
    this.#version = 0
    this.#failed = null
    this.pausing = false
    this.runs.clear()
  }

  /** After its present run, or now, which cancels that run; resuming goes on where it was. */
  async pause(now: boolean): Promise<void> {
    if (this.#study === null) return
    this.pausing = true
    await client.studies.pause({ study: this.#study, now })
    await this.#read(this.#leaving.signal)
  }

  async resume(): Promise<void> {
    if (this.#study === null) return
    await client.studies.resume({ study: this.#study })
    await this.#read(this.#leaving.signal)
  }

  async #read(signal: AbortSignal): Promise<void> {
    const study = this.#study
    if (study === null) return
    try {
      const since = await client.studies.since({ study, version: this.#version })
      if (signal.aborted || (!since.whole && since.version < this.#version)) return // a later answer came first
      const detail = { ...since, ...known(this.#detail, since) }
      this.#detail = detail
      this.#version = since.version
      this.#failed = null
      if (detail.state !== 'running') this.pausing = false
      void this.#readCurves(signal)
    } catch (thrown) {
      if (!signal.aborted && !this.#detail) this.#failed = errorOf(thrown)
    }
  }

  #reading = false

  async #readCurves(signal: AbortSignal): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      for (const { run, state } of (this.#detail?.runs ?? []).filter((one) => one.run !== null).slice(0, mostCurves)) {
        if (run === null || (this.runs.has(run) && this.runs.get(run)?.state === state && state !== 'running')) continue
        const detail = await client.runs.show({ run })
        if (signal.aborted) return
        this.runs.set(run, detail)
      }
    } catch {
      // the curves stay as they are; the next look reads on
    } finally {
      this.#reading = false
    }
  }
}

/** What an answer leaves out because it is as it was. */
function known(
  before: StudyDetail | null,
  { whole, runs, definition }: StudySince,
): Pick<StudyDetail, 'runs' | 'definition'> {
  const all = inPlaces(before?.runs ?? [], runs, whole)
  return { runs: all, definition: definition ?? (before as StudyDetail).definition }
}

export const openedStudy = new OpenedStudy()
