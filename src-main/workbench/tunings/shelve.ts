// What came of a fine-tuning, in its place: a card beside the model, and rows of the library for the model, its adapter
// and its head; of the field's convention for all of its folder, accuracies among it. The model is there whatever fails
// here, so that is told as a note and ends nothing.
import { dirname, extname, join } from 'node:path'

import { recordOf, sentence } from '../../contract/errors.ts'
import { splitPath } from '../../contract/named-tensor.ts'
import type { ResolvedTuning } from '../../contract/tuning/config.ts'
import type { TuningOutput } from '../../contract/tuning/output.ts'
import { writeAtomic } from '../../files/write-atomic.ts'
import type { History } from '../../history/statement.ts'
import { tuningDetail } from '../../history/tunings/detail.ts'
import { putTuningNote, tuningRow } from '../../history/tunings/tunings.ts'
import { isCard } from '../export/with-card.ts'
import type { Supervisor } from '../link/supervisor.ts'
import { cardOfTuning } from './card.ts'

interface Shelving {
  history: History
  supervisor: Pick<Supervisor, 'ask'>
  shelve(path: string): Promise<void>
}

/** Never rejects. */
export async function shelveTuned(
  { history, supervisor, shelve }: Shelving,
  tuning: number,
  config: ResolvedTuning,
  { convention }: TuningOutput,
): Promise<void> {
  const { model, adapter } = tuningRow(history, tuning)
  if (model === null) return
  try {
    const written = await supervisor.ask((client) => client.look({ file: model }))
    const card = `${model.slice(0, model.length - extname(model).length)}.md`
    const text = cardOfTuning(tuningDetail(history, tuning), model, written)
    await writeAtomic(card, [Buffer.from(text)], { overwrite: await isCard(card) })
  } catch (thrown) {
    const why = `The model is written, but not its card: ${sentence(recordOf(thrown))}`
    try {
      putTuningNote(history, tuning, why)
    } catch {
      // nor can that be kept
    }
  }
  const files = convention
    ? [dirname(dirname(model))]
    : [model, ...(adapter === null ? [] : [join(adapter, 'adapter_model.safetensors')]), splitPath(config.task.head)[0]]
  for (const file of files) await shelve(file)
}
