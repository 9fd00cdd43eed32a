// basil report: what an issue needs, packed into one file. All of it is shown before anything is written, and written
// only where somebody says so.
import { resolve } from 'node:path'

import { Command } from 'commander'

import type { ReportEntry } from '../contract/api/problem.ts'
import type { RunId } from '../contract/branded.ts'
import { BasilError } from '../contract/errors.ts'
import type { RunDetail } from '../contract/run/run.ts'
import { dataFolder } from '../files/data-folder.ts'
import { requireFree, writeAtomic } from '../files/write-atomic.ts'
import { runDetail } from '../history/detail.ts'
import { readHistory } from '../history/open.ts'
import { gatherReport } from '../workbench/problem/gather.ts'
import { packed, reportName } from '../workbench/problem/pack.ts'
import { journalOf } from '../workbench/runs/journal.ts'
import { saysYes } from './ask.ts'
import { wholeNumber } from './numbers.ts'
import { print, printJson } from './output.ts'
import { here, withEngine } from './with.ts'

interface Options {
  run?: RunId
  out?: string
  yes?: boolean
  json?: boolean
}

export function reportCommand(): Command {
  return new Command('report')
    .description('pack versions, what doctor says, the log and a run for an issue; it is shown first')
    .option('--run <n>', 'with all that is known of this run', wholeNumber)
    .option('--out <file.zip>', 'where to; a new file in this folder if not given')
    .option('--yes', 'write it without asking')
    .option('--json', 'as JSON: what is packed, and the file')
    .action(({ run, out, yes = false, json = false }: Options) =>
      withEngine(json, async (engine) => {
        const file = resolve(out ?? reportName(run ?? null, new Date()))
        await requireFree(file, { overwrite: false })
        const record = run === undefined ? null : { number: run, read: () => recordOfRun(run) }
        const entries = await gatherReport({ ...here(), engine, run: record })
        if (!json) for (const line of reportLines(entries)) print(line)
        if (!yes && !(await saysYes(`Write it to ${file}?`, nobodyAsked(file)))) return print('Nothing was written.')
        await writeAtomic(file, [await packed(entries)], { overwrite: false })
        if (json) printJson({ file, entries })
        else print(`Written: ${file}`)
      }),
    )
}

/** Each text, then the list of them, which is what stands above the question. */
function reportLines(entries: readonly ReportEntry[]): string[] {
  const texts = entries.flatMap(({ name, text }) => [`===== ${name} =====`, text.trimEnd(), ''])
  const list = entries.map(({ name, bytes }) => `${String(bytes).padStart(9)} bytes  ${name}`)
  return [
    ...texts,
    'This is all that would be written. The home folder is ~ in it; names of files, tasks and folders are in it:',
    ...list,
  ]
}

async function recordOfRun(run: RunId): Promise<RunDetail> {
  const home = dataFolder()
  const history = await readHistory(home)
  try {
    const detail = runDetail(history, run)
    return { ...detail, log: journalOf(home, detail) }
  } finally {
    history.close()
  }
}

function nobodyAsked(file: string): BasilError {
  return new BasilError({
    code: 'not-allowed',
    what: 'The report was not written',
    where: file,
    why: 'it is written only where somebody who has seen it says so, and this is no terminal to ask in',
    next: 'look at what is printed here, then add --yes',
  })
}
