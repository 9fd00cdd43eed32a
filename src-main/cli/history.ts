// basil history backups|salvage|restore: copies of the history, and what can be brought back of a damaged one.
import { resolve } from 'node:path'

import { Command } from 'commander'

import type { Backup, Salvaged, Thing } from '../contract/api/history.ts'
import { dataFolder } from '../files/data-folder.ts'
import { restoreBackup } from '../workbench/history-care.ts'
import { fail, print, printJson } from './output.ts'
import { withWorkbench } from './with.ts'

export function historyCommand(): Command {
  const command = new Command('history').description(
    'backups of the history, and bringing back what can be read of a damaged one',
  )
  command
    .command('backups')
    .description('list them, newest first')
    .option('--json', 'as a JSON array')
    .action(({ json = false }) =>
      withWorkbench(json, false, async ({ historyCare }) => {
        const backups = historyCare.backups()
        if (json) printJson(backups)
        else for (const backup of backups) print(backupLine(backup))
      }),
    )
  command
    .command('salvage')
    .description('take what is missing or damaged from histories that were set aside and from the newest backup')
    .option('--json', 'as JSON')
    .action(({ json = false }) =>
      withWorkbench(json, true, async ({ historyCare }) => {
        const salvaged = await historyCare.salvage()
        if (json) printJson(salvaged)
        else for (const line of salvagedLines(salvaged)) print(line)
      }),
    )
  command
    .command('restore')
    .argument('<backup>', 'the path of one, as "basil history backups" lists it')
    .description('put a backup in the place of the history, which is kept under another name')
    .option('--json', 'as JSON')
    .action(async (backup: string, { json = false }) => {
      try {
        const before = await restoreBackup(dataFolder(), resolve(backup), new Date())
        if (json) printJson({ before })
        else print(`Restored. The history from before is ${before}`)
      } catch (error) {
        fail(error, json)
      }
    })
  return command
}

function backupLine({ file, made, bytes, kind }: Backup): string {
  return `${made.slice(0, 16).replace('T', ' ')}  ${kind.padEnd(18)}  ${(bytes / 1e6).toFixed(1).padStart(8)} MB  ${file}`
}

function salvagedLines({ taken, unsure, different, lost, skipped, before }: Salvaged): string[] {
  const line = (say: string, { what, key, from }: Thing): string => `${say.padEnd(16)} ${what} ${key}  (${from})`
  return [
    ...taken.map((thing) => line('brought back', thing)),
    ...unsure.map((thing) => line('may lack rows', thing)),
    ...different.map((thing) => line('another is there', thing)),
    ...lost.map((thing) => line('still damaged', thing)),
    ...skipped.map(({ file, why }) => `not read         ${file}: ${why}`),
    ...(before === null ? [] : [`The history as it was is kept as ${before}`]),
    `${taken.length} brought back, ${lost.length} still damaged.`,
  ]
}
