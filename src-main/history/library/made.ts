// Rows of the library that say how they were made: models that Basil wrote, on this machine or another.
import type { Sha256 } from '../../contract/branded.ts'
import { sound } from '../checksums.ts'
import { type History, rows, soundOnly } from '../statement.ts'

export interface MadeEntry {
  id: number
  path: string
  bytes: number
  modified: number
  sha256: Sha256 | null
  metadata: string // JSON
}

export function entriesMade(history: History): MadeEntry[] {
  const text = `SELECT id, path, bytes, modified, sha256, metadata FROM library
    WHERE metadata LIKE '%"basil.recipe"%' AND ${sound(history, 'library', { long: true })} ORDER BY id`
  return soundOnly(history, () => rows<MadeEntry>(history, text))
}
