// All tables of a study as Markdown, on a terminal and in a file: starts and what goes on from them, parts, arms. One
// that has nothing to say is left out.
import { dirname, resolve } from 'node:path'

import type { StudyDetail } from '../../contract/api/studies.ts'
import { BasilError } from '../../contract/errors.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { writeAtomic } from '../../files/write-atomic.ts'
import { doneArms, startsOf } from '../../workbench/studies/starts.ts'
import type { Workbench } from '../../workbench/workbench.ts'
import { partLines } from './part-table.ts'
import { tableLines } from './print.ts'
import { startLines } from './starts-table.ts'

export function tableLinesOf({ runs }: Workbench, detail: StudyDetail): string[] {
  const starts = startsOf(doneArms(detail.runs, runs.show))
  return [starts ? startLines(starts, detail.runs) : [], partLines(detail), tableLines(detail)]
    .filter((lines) => lines.length > 0)
    .flatMap((lines, i) => (i ? ['', ...lines] : lines))
}

/** Before hours of work: the folder of the file is made. Throws target-unwritable. */
export async function readyFor(file: string): Promise<void> {
  const folder = dirname(resolve(file))
  try {
    makeFolder(folder)
  } catch (error) {
    throw new BasilError({
      code: 'target-unwritable',
      what: 'The folder of the tables cannot be made',
      where: folder,
      why: error instanceof Error ? error.message : String(error),
      next: 'choose another --out',
    })
  }
}

export async function writeTables(file: string, workbench: Workbench, detail: StudyDetail): Promise<void> {
  const { name, done, planned } = detail
  const text = [`# ${name}`, '', `${done} of ${planned} runs done.`, '', ...tableLinesOf(workbench, detail), '']
  await writeAtomic(resolve(file), [Buffer.from(text.join('\n'))], { overwrite: true })
}
