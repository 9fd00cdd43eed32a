// Where a fine-tuned model is written: where it was asked for, else among the data folder's models, under a name made
// of task and kind that no file and no other fine-tuning has.
import { join } from 'node:path'

import { extensionOf } from '../../contract/file-names.ts'
import type { ResolvedTuning } from '../../contract/tuning/config.ts'
import type { TuningOutput } from '../../contract/tuning/output.ts'
import { requireFree, targetExists } from '../../files/write-atomic.ts'
import type { History } from '../../history/statement.ts'
import { putTuningTarget, tuningRow, tuningRows } from '../../history/tunings/tunings.ts'
import { inFolder } from '../export/exports.ts'

const modelsFolder = (home: string): string => join(home, 'models')

/** Settled once: it is the same when the fine-tuning goes on. */
export async function targetOf(
  { history, home }: { history: History; home: string },
  tuning: number,
  config: ResolvedTuning,
  output: TuningOutput,
): Promise<string> {
  const settled = tuningRow(history, tuning).target
  if (settled !== null) return settled
  const target = output.out ?? (await freeAmongModels())
  putTuningTarget(history, tuning, target)
  return target

  async function freeAmongModels(): Promise<string> {
    const folder = modelsFolder(home)
    if (output.convention) return folder
    const others = new Set(tuningRows(history).map((row) => row.target))
    const isFree = async (path: string): Promise<string> => {
      if (others.has(path)) throw targetExists(path)
      await requireFree(path, { overwrite: false })
      return path
    }
    return inFolder(folder, fileNameOf(config, output), isFree)
  }
}

/** "Cars-tau-jp.safetensors" */
function fileNameOf({ task, kind }: ResolvedTuning, { form }: Pick<TuningOutput, 'form'>): string {
  const name = `${task.name}-${kind}`.replace(/[^\w.-]+/g, '-')
  return `${name}.${extensionOf(form.container)}`
}
