// What a run was made from, in the engine's order: the pre-trained model, the fine-tuned ones, their data.
// A resumed run must find the same hashes again.
import type { RunId } from '../contract/branded.ts'
import type { Parent } from '../contract/run/run.ts'
import { sound } from './checksums.ts'
import { rememberCheckpoint } from './library/checkpoints.ts'
import { change, type History, rows } from './statement.ts'

/** To be called in a transaction. */
export function putParents(history: History, run: RunId, parents: Parent[]): void {
  change(history, 'DELETE FROM parents WHERE run = :run', { run })
  parents.forEach((parent, place) => {
    rememberCheckpoint(history, parent)
    const { role, file, name, bytes, sha256 } = parent
    change(
      history,
      'INSERT INTO parents (run, place, role, file, name, bytes, sha256) VALUES (:run, :place, :role, :file, :name, :bytes, :sha256)',
      {
        run,
        place,
        role,
        file,
        name,
        bytes,
        sha256,
      },
    )
  })
}

export function parentsOf(history: History, run: RunId): Parent[] {
  const text = `SELECT role, file, name, bytes, sha256 FROM parents WHERE run = :run AND ${sound(history, 'parents')} ORDER BY place`
  return rows<Parent>(history, text, { run })
}
