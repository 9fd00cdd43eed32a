// Trials as a workbench has them: at a person's wish, and once before the first run where they decide which engine it
// is. The engine in use starts anew with what they say.
import type { Progress } from '../../contract/run/run.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { isWorthMeasuring, measureEngines } from './measure.ts'

export interface Measuring {
  /** Tells which it tries. */
  measure(signal: AbortSignal): AsyncGenerator<Progress, void>
  /** Measures where that decides something; otherwise at once. Never throws. */
  settle(): Promise<void>
  /** Something was installed or removed: what was settled is open again. */
  reopen(): void
  close(): Promise<void>
}

interface Options {
  home: string
  start: (environment: NodeJS.ProcessEnv) => EngineProcess
  renew: () => void
  /** Trials begin before a run, which takes their time. */
  tell: (what: string) => void
}

export function createMeasuring({ home, start, renew, tell }: Options): Measuring {
  const closing = new AbortController()
  let settled: Promise<void> | null = null
  let present: Promise<unknown> = Promise.resolve()

  async function* measure(signal: AbortSignal): AsyncGenerator<Progress, void> {
    const trials = measureEngines({ home, start, signal: AbortSignal.any([signal, closing.signal]) })
    for (;;) {
      const step = trials.next()
      present = step.catch(() => undefined)
      const { done, value } = await step
      if (done) break
      yield value
    }
    settled = Promise.resolve()
    renew()
  }

  async function settle(): Promise<void> {
    try {
      if (!(await isWorthMeasuring(home))) return
      tell('Measuring which engine is the fastest here, once')
      for await (const { what } of measure(new AbortController().signal)) tell(what)
    } catch {
      // the order of the list serves
    }
  }

  return {
    measure,
    settle: () => (settled ??= settle()),
    reopen: () => {
      settled = null
    },
    close: async () => {
      closing.abort()
      await present
    },
  }
}
