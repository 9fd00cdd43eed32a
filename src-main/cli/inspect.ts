// basil inspect: what a file is, without using it.
import { resolve } from 'node:path'

import { Command } from 'commander'

import { print, printJson } from './output.ts'
import { inspectionLines } from './print.ts'
import { withEngine } from './with.ts'

export function inspectCommand(): Command {
  return new Command('inspect')
    .argument('<file>', 'a checkpoint or data file')
    .description('what a file is, without using it')
    .option('--json', 'as JSON')
    .action((file: string, { json = false }) =>
      withEngine(json, async (supervisor) => {
        const inspection = await supervisor.ask((client) => client.inspect({ file: resolve(file) }))
        if (json) return printJson(inspection)
        for (const line of inspectionLines(inspection)) print(line)
      }),
    )
}
