// Every image's prediction as a table for spreadsheets and scripts, as RFC 4180 has it.
import { stringify } from 'csv-stringify/sync'

import type { PredictionRow } from '../../engine/evaluation/evaluate.ts'

const columns = ['task', 'model', 'image', 'label', 'predicted', 'confidence', 'group'] as const
const together = 1000 // rows

/** In pieces, as there may be a million rows. */
export function* predictionsCsv(rows: Iterable<PredictionRow>): Generator<Uint8Array> {
  let waiting: (string | number | null | undefined)[][] = [[...columns]]
  for (const row of rows) {
    waiting.push(columns.map((column) => row[column]))
    if (waiting.length < together) continue
    yield lines(waiting)
    waiting = []
  }
  yield lines(waiting)
}

function lines(rows: readonly (readonly unknown[])[]): Uint8Array {
  return Buffer.from(stringify([...rows], { record_delimiter: 'windows' }))
}
