// What every part of a run is given: the configuration, the world outside (files, hashes, the person's wishes) and what
// was opened.
import type { Bytes, Sha256 } from '../../contract/branded.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { Parent, ResumeState } from '../../contract/run/run.ts'
import type { Table } from '../../numbers/table.ts'
import type { ImageHost } from '../datasets/prepared.ts'
import type { Backend } from '../devices/backend.ts'
import type { FeatureCache } from '../formats/feature-cache.ts'
import type { OpenSource } from '../formats/source.ts'
import type { StatisticsStore } from '../formats/statistics-store.ts'
import type { Pace } from '../learning/pace.ts'
import type { Selection } from '../learning/selection.ts'
import type { TaskSetup } from '../problems/clip-problem.ts'
import type { Groups } from '../weights/merge.ts'
import type { Parents } from '../weights/parents.ts'
import type { Remaining } from './remaining.ts'

export interface RunHost {
  backend: Backend
  open: OpenSource
  hash(path: string): Promise<{ sha256: Sha256; bytes: Bytes }>
  images?: ImageHost | undefined // what prepares the images of data sets; without, tensor files alone are read
  statistics?: StatisticsStore // where what merges know of images is kept
  features?: FeatureCache // where precomputed features are kept; without, they live as long as the run
  pace?: Pace // what tells how fast it goes
  resume: ResumeState | null
  parents: Parent[] // recorded by an earlier sitting of the same run; empty for a new one
  stopping(): boolean // the person wants the best so far
  signal: AbortSignal // the person wants nothing more
}

export interface Context {
  config: ResolvedConfig
  host: RunHost
  parents: Parents
  files: Parent[] // every file of the run, with its hash
  groups: Groups
  place: TaskSetup
  selection: Selection
  reference: (number | null)[] // fine-tuned accuracy on the selection split
  remaining: Remaining
}

/** The iterations' single rows among the chosen tables. */
export function rows(chosen: readonly Table[]): Float64Array[] {
  return chosen.slice(1).map((table) => table[0] as Float64Array)
}
