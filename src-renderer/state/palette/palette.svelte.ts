// Find and do: whether it is open, what is typed, the runs that the server found for it, and what was used lately.
import { z } from 'zod'

import type { RunSummary } from '../../../src-main/contract/run/run.ts'
import { client } from '../../bridge.ts'
import { choice } from '../remembered.svelte.ts'
import { studies } from '../studies/studies.svelte.ts'

const mostRecent = 12
const mostRuns = 12

class Palette {
  open = $state(false)
  #query = $state('')
  #runs = $state.raw<readonly RunSummary[]>([])
  #runsOf = $state('') // what they were found for
  #asked = 0
  #recent = choice('palette.recent', z.array(z.string().max(200)).max(mostRecent), [])

  get query() {
    return this.#query
  }
  /** Those whose name or method has what is typed, newest first: the server looks, so that ten thousand are no more. */
  get runs() {
    return this.#runs
  }
  /** What they were found for; what is typed may have gone on since. */
  get runsOf() {
    return this.#runsOf
  }
  get recent() {
    return this.#recent.value
  }

  show(): void {
    this.#query = ''
    this.open = true
    void studies.load()
    void this.find('')
  }

  /** Shows what is typed at once, and its runs when they are there; an answer that came too late is not shown. */
  async find(query: string): Promise<void> {
    this.#query = query
    const mine = ++this.#asked
    const number = /^(?:run\s+)?(\d{1,9})$/i.exec(query.trim())?.[1]
    try {
      const [{ rows }, own] = await Promise.all([
        client.runs.list({ limit: mostRuns, query: query.trim().replace(/^run\s+/i, '') }).catch(() => ({ rows: [] })),
        number === undefined ? null : client.runs.show({ run: Number(number) }).catch(() => null),
      ])
      const others = rows.filter(({ run }) => run !== own?.run)
      if (mine === this.#asked) [this.#runs, this.#runsOf] = [own ? [own, ...others] : others, query]
    } catch {
      if (mine === this.#asked) this.#runs = [] // a half typed question; the rest is found
    }
  }

  used(id: string): void {
    this.#recent.value = [id, ...this.recent.filter((one) => one !== id)].slice(0, mostRecent)
  }
}

export const palette = new Palette()
