// What is wrong with settings that are being written, and what a run of them would take: the schema says at once, the
// engine when it has looked at the files. Its answer to older settings is dropped, but their plan stays meanwhile.
import type { Plan } from '../../src-main/contract/engine-api.ts'
import type { ErrorRecord } from '../../src-main/contract/errors.ts'
import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import type { Estimate } from '../../src-main/contract/run/estimate.ts'
import { type ConfigIssue, configIssues, resolveConfig } from '../../src-main/contract/run/resolve.ts'
import { client, errorOf } from '../bridge.ts'
import type { Fields } from './written-config.ts'

interface Answer {
  config: unknown // what was asked
  issues: readonly ConfigIssue[]
  error: ErrorRecord | null
  plan: Plan | null
  estimate: Estimate | null
}

export class ConfigCheck {
  readonly #config: () => Fields
  #newest = $state.raw<Answer | null>(null)
  #measured = $state.raw<{ config: unknown; estimate: Estimate | null } | null>(null)
  #measuring = $state(false)
  #own = $derived.by(() => configIssues(this.#config()))

  constructor(config: () => Fields) {
    this.#config = config
  }

  /** To the settings as they are now; null while it is awaited. */
  get answer() {
    return this.#newest?.config === this.#config() ? this.#newest : null
  }
  /** The newest, also while a change is being checked. */
  get plan() {
    return this.#own.length ? null : (this.#newest?.plan ?? null)
  }
  /** As measured here for the settings as they are now; else of the newest, as the plan is. */
  get estimate() {
    const measured = this.#measured?.config === this.#config() ? this.#measured.estimate : null
    return measured ?? (this.#own.length ? null : (this.#newest?.estimate ?? null))
  }
  get measuring() {
    return this.#measuring
  }
  /** What a configuration must not be without, or have: the first of it; null where it can be written down. */
  get unfinished(): ConfigIssue | null {
    return this.#own[0] ?? null
  }
  get issues(): readonly ConfigIssue[] {
    return this.#own.length ? this.#own : (this.answer?.issues ?? [])
  }
  /** What empty fields stand for; null while something is wrong. */
  get effective(): ResolvedConfig | null {
    return this.#own.length ? null : resolveConfig(this.#config(), (path) => path)
  }

  /** How long it takes, by its first two steps. */
  async measure(grant: string): Promise<void> {
    const config = this.#config()
    this.#measuring = true
    try {
      this.#measured = { config, estimate: await client.config.measure({ grant, config }) }
    } finally {
      this.#measuring = false
    }
  }

  /** Never rejects: what went wrong is the answer. */
  async ask(grant: string): Promise<void> {
    const config = this.#config()
    if (this.#own.length) return
    const answer: Omit<Answer, 'config'> = await client.config
      .check({ grant, config })
      .then((told) => ({ ...told, error: told.error ?? null }))
      .catch((thrown) => ({ issues: [], error: errorOf(thrown), plan: null, estimate: null }))
    if (config === this.#config()) this.#newest = { config, ...answer }
  }
}
