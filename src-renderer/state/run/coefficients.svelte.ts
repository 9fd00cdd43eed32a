// The coefficients of a run as its page goes back and forth in them: the table of any look, asked of the history once
// and kept while it is looked at, and the path that they have gone, read again while the run goes on.
import type { RunPath } from '../../../src-main/contract/run/path.ts'
import type { CoefficientTable, RunDetail } from '../../../src-main/contract/run/run.ts'
import { client } from '../../bridge.ts'

const pause = 2_000 // ms between two readings of the path
const most = 64 // tables

const nowhere: RunPath = { points: [], shares: [0, 0] }

export class CoefficientsOf {
  readonly #run: number
  readonly #tables = new Map<string, CoefficientTable>()
  #path = $state.raw<RunPath>(nowhere)
  #read = 0 // looks that the path was read with

  constructor(run: number) {
    this.#run = run
  }

  get path() {
    return this.#path
  }

  /** Null where it cannot be had. */
  async at({ stage, epoch }: { stage: number; epoch: number }): Promise<CoefficientTable | null> {
    const key = `${stage} ${epoch}`
    const known = this.#tables.get(key)
    if (known) return known
    const table = await client.runs.coefficients({ run: this.#run, stage, epoch }).catch(() => null)
    if (!table) return null
    this.#tables.set(key, table)
    if (this.#tables.size > most) this.#tables.delete(this.#tables.keys().next().value ?? key)
    return table
  }

  /** Reads the path while there are new looks; gives the way to end that. */
  follow(detail: () => RunDetail): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const read = async () => {
      const { start, iterations } = detail()
      const looks = [start, ...iterations].reduce((sum, stage) => sum + (stage?.epochs.length ?? 0), 0)
      if (looks !== this.#read && !document.hidden) {
        const path = await client.runs.path({ run: this.#run }).catch(() => null)
        if (isOver) return
        if (path) [this.#path, this.#read] = [path, looks]
      }
      timer = setTimeout(read, pause)
    }
    timer = setTimeout(read)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }
}
