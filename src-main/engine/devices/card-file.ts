// What was measured of a card, in a folder, one file a kind, card and driver: kept from run to run, as it decides a
// run's last bits. A file that is damaged, or of another form, counts as none.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { z } from 'zod'

/** kind: what is in it, as "webgpu"; card: its name and driver. */
export function readCardFile<T extends { card: string }>(
  folder: string,
  kind: string,
  card: string,
  schema: z.ZodType<T>,
): T | undefined {
  try {
    const read = schema.parse(JSON.parse(readFileSync(pathOf(folder, kind, card), 'utf8')))
    return read.card === card ? read : undefined
  } catch {
    return undefined
  }
}

/** Whole or not at all. */
export function writeCardFile<T extends { card: string }>(folder: string, kind: string, content: T): void {
  mkdirSync(folder, { recursive: true })
  const path = pathOf(folder, kind, content.card)
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(content, null, 1)}\n`)
  renameSync(`${path}.${process.pid}`, path)
}

function pathOf(folder: string, kind: string, card: string): string {
  return join(folder, `${kind}-${createHash('sha256').update(card).digest('hex').slice(0, 12)}.json`)
}

/** Numbers by what they say, each measured once. */
export interface Measured {
  get(what: string): number | undefined
  keep(what: string, value: number): void
}

const numbersSchema = z.object({ card: z.string(), numbers: z.record(z.string(), z.number()) })

export function measuredOf(folder: string, card: string): Measured {
  const numbers = () => readCardFile(folder, 'trials', card, numbersSchema)?.numbers ?? {}
  return {
    get: (what) => numbers()[what],
    // beside what others have kept meanwhile; what was kept first stays
    keep: (what, value) => writeCardFile(folder, 'trials', { card, numbers: { [what]: value, ...numbers() } }),
  }
}
