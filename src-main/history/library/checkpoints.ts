// Checkpoints by content hash: a file that moved or has twins is still the same checkpoint, and a run keeps what it
// came from even when the file is gone. Rows are added and their last path renewed, never removed.
import type { Sha256 } from '../../contract/branded.ts'
import type { Parent } from '../../contract/run/run.ts'
import { sound } from '../checksums.ts'
import { change, type History, row } from '../statement.ts'

export function rememberCheckpoint(history: History, { sha256, role, name, file, bytes }: Parent): void {
  change(
    history,
    `INSERT INTO checkpoints (sha256, role, name, file, bytes) VALUES (:sha256, :role, :name, :file, :bytes)
     ON CONFLICT (sha256) DO UPDATE SET file = excluded.file, name = excluded.name`,
    { sha256, role, name, file, bytes },
  )
}

/** Where a run last met this content, and under what name; it need not be there any more. */
export function lastSeen(history: History, sha256: Sha256): { file: string; name: string } | null {
  const text = `SELECT file, name FROM checkpoints WHERE sha256 = :sha256 AND ${sound(history, 'checkpoints')}`
  return row<{ file: string; name: string }>(history, text, { sha256 }) ?? null
}
