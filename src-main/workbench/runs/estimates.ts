// Estimates as a workbench has them: of a configuration that was checked, of every run of a study, and measured anew by
// a probe, which is kept until the program ends.
import { createHash } from 'node:crypto'

import type { Plan } from '../../contract/engine-api.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { Estimate, Taken } from '../../contract/run/estimate.ts'
import { freeBytes } from '../../files/room.ts'
import { bytesOfRun, doneBefore } from '../../history/run-times.ts'
import type { History } from '../../history/statement.ts'
import { type TimedRun, timedRuns } from '../../history/timings.ts'
import { keptTrials } from '../engines/measured.ts'
import type { Jobs } from '../jobs/queue.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import type { Supervisor } from '../link/supervisor.ts'
import type { Checking } from './checking.ts'
import { estimateAll, estimateOf, type Probed } from './estimate.ts'
import { probe } from './probe.ts'

export interface Estimates {
  /** Null where nothing is known. */
  of(config: ResolvedConfig, plan: Plan): Estimate | null
  /** Of all runs of a study, one after the other. */
  ofStudy(runs: readonly ResolvedConfig[]): Promise<Taken>
  /** By two steps in a process of its own. Throws run-state while the engine is at work. */
  measure(config: ResolvedConfig): Promise<Estimate | null>
}

interface Options {
  history: History
  home: string
  supervisor: Pick<Supervisor, 'state' | 'describe'>
  jobs: Pick<Jobs, 'requireQuiet' | 'hold'>
  checking: Pick<Checking, 'check'>
  engine: () => EngineProcess // one that computes as a run's would
}

export function createEstimates({ history, home, supervisor, jobs, checking, engine }: Options): Estimates {
  const probes = new Map<string, Probed>()
  const inUse = (): { name: string; kind: string } | null => supervisor.state().engine
  const keyOf = (config: ResolvedConfig): string =>
    createHash('sha256')
      .update(JSON.stringify({ ...config, name: '', seed: 0, tower: null }))
      .digest('hex')

  function of(config: ResolvedConfig, plan: Plan, runs: readonly TimedRun[] = timedRuns(history, plan.parameters)) {
    const trial = keptTrials(home).find(({ kind }) => kind === inUse()?.kind)?.trial ?? null
    return estimateOf(config, plan, {
      ...{ runs, trial },
      engine: inUse()?.name ?? null,
      probed: probes.get(keyOf(config)) ?? null,
    })
  }

  return {
    of,
    ofStudy: async (runs) => {
      let known: TimedRun[] | null = null
      const each = (config: ResolvedConfig, plan: Plan): Estimate | null => {
        known ??= timedRuns(history, plan.parameters)
        return of(config, plan, known)
      }
      const taken = await estimateAll(runs, each, checking.check)
      const bytes = bytesOfRun(history, [...new Set(runs.map(({ method }) => method))])
      const disk = { diskBytes: bytes === null ? null : bytes * runs.length, diskFree: freeBytes(home) }
      return { runs: runs.length, done: doneBefore(history, runs), ...taken, ...disk }
    },
    measure: async (config) => {
      jobs.requireQuiet()
      const plan = await checking.check(config)
      const leave = jobs.hold('engine', 'a measurement of two steps')
      const probed = await probe(config, plan.tasks ?? [], engine).finally(leave)
      await supervisor.describe() // its name
      if (probed) probes.set(keyOf(config), probed)
      return of(config, plan)
    },
  }
}
