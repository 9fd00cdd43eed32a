// What is asked of runs and models beside each other: where they come from, what was written of them, whether they
// differ.
import type { Paired } from '../../contract/api/comparison.ts'
import type { Lineage, WrittenModel } from '../../contract/api/lineage.ts'
import type { RunId } from '../../contract/branded.ts'
import type { History } from '../../history/statement.ts'
import { pairedRuns } from '../runs/paired.ts'
import { lineageOf } from './graph.ts'
import { writtenModels } from './written.ts'

export interface LineageQuestions {
  of(of: { run: RunId } | { id: number }): Lineage
  written(run: RunId): WrittenModel[]
  paired(runs: readonly RunId[]): Paired[]
}

export function createLineage(history: History): LineageQuestions {
  return {
    of: (of) => lineageOf(history, of),
    written: (run) => writtenModels(history, run),
    paired: (runs) => pairedRuns(history, runs),
  }
}
