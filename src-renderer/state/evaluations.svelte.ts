// Evaluations: the list, and the one whose page is open, which is watched until it is done.
import type { EvaluationDetail, EvaluationSummary, WantedEvaluation } from '../../src-main/contract/api/evaluations.ts'
import type { ErrorRecord } from '../../src-main/contract/errors.ts'
import type { Progress } from '../../src-main/contract/run/run.ts'
import { client, errorOf } from '../bridge.ts'

class Evaluations {
  #rows = $state.raw<readonly EvaluationSummary[]>([])
  #hidden = $state.raw<ReadonlySet<number>>(new Set()) // that are forgotten once nobody wants them back
  #loaded = $state(false)
  #shown = $state.raw<EvaluationDetail | null>(null)
  #failed = $state.raw<ErrorRecord | null>(null)
  #progress = $state.raw<Progress | null>(null)
  #leaving = new AbortController()

  get rows() {
    return this.#rows.filter(({ evaluation }) => !this.#hidden.has(evaluation))
  }
  get loaded() {
    return this.#loaded
  }
  get shown() {
    return this.#shown
  }
  get failed() {
    return this.#failed
  }
  get progress() {
    return this.#progress
  }

  async load(): Promise<void> {
    this.#rows = await client.evaluations.list()
    this.#loaded = true
  }

  async start(wanted: WantedEvaluation): Promise<number> {
    return (await client.evaluations.start(wanted)).evaluation
  }

  /** Shows it, and again when it is done. Never rejects. */
  async open(evaluation: number): Promise<void> {
    this.close()
    const { signal } = this.#leaving
    try {
      const first = await client.evaluations.show({ evaluation })
      if (signal.aborted) return
      this.#shown = first
      if (first.state !== 'running' && first.state !== 'waiting') return
      for await (const told of await client.evaluations.watch({ evaluation }, { signal }))
        if (told.type === 'progress') this.#begun(told)
      const last = await client.evaluations.show({ evaluation })
      if (!signal.aborted) this.#shown = last
    } catch (thrown) {
      if (!signal.aborted) this.#failed = errorOf(thrown)
    }
  }

  /** It leaves the queue, or ends where it is at work. */
  async cancel(evaluation: number): Promise<void> {
    const jobs = await client.jobs.list()
    const own = jobs.find((job) => job.kind === 'evaluation' && job.evaluation === evaluation)
    if (own) await client.jobs.cancel({ job: own.job })
  }

  #begun(progress: Progress): void {
    this.#progress = progress
    if (this.#shown?.state === 'waiting') this.#shown = { ...this.#shown, state: 'running' }
  }

  close(): void {
    this.#leaving.abort()
    this.#leaving = new AbortController()
    this.#shown = null
    this.#failed = null
    this.#progress = null
  }

  /** It is in the list no more, or again. */
  hide(evaluation: number, isHidden: boolean): void {
    const others = [...this.#hidden].filter((one) => one !== evaluation)
    this.#hidden = new Set(isHidden ? [...others, evaluation] : others)
  }

  /** For good; where that is refused it is in the list again. */
  async forget(evaluation: number): Promise<void> {
    try {
      await client.evaluations.forget({ evaluation })
      await this.load()
    } finally {
      this.hide(evaluation, false)
    }
  }

  /** Where the report was written; null when the dialog was closed. */
  save(evaluation: number) {
    return client.evaluations.save({ evaluation })
  }
}

export const evaluations = new Evaluations()
