// Tuning tables in a folder, one file a card and driver. A file that is damaged, or of another form, counts as none.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { type Table, tableSchema } from './tuning.ts'

export function readTable(folder: string, card: string): Table | undefined {
  try {
    return tableSchema.parse(JSON.parse(readFileSync(pathOf(folder, card), 'utf8')))
  } catch {
    return undefined
  }
}

/** Whole or not at all. */
export function writeTable(folder: string, table: Table): void {
  mkdirSync(folder, { recursive: true })
  const path = pathOf(folder, table.card)
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(table, null, 1)}\n`)
  renameSync(`${path}.${process.pid}`, path)
}

function pathOf(folder: string, card: string): string {
  return join(folder, `webgpu-${createHash('sha256').update(card).digest('hex').slice(0, 12)}.json`)
}
