// basil runs [QUERY] and basil runs tag|note|rename|pin|unpin|trash|restore|empty-trash: finding runs, and saying
// something of them. Listing works while another process writes.
import { Command } from 'commander'

import type { ListedRun, MarkedRun } from '../contract/api/runs.ts'
import { type RunId, runId } from '../contract/branded.ts'
import { fieldNames, queryFields } from '../contract/run/query/fields.ts'
import type { Care } from '../workbench/runs/care.ts'
import { wholeNumber } from './numbers.ts'
import { print, printJson } from './output.ts'
import { summaryLine } from './print.ts'
import { withWorkbench } from './with.ts'

const help = `
A query is words, each to be found somewhere in the run, and fields:
${fieldNames.map((name) => `  ${queryFields[name].example.padEnd(28)} ${queryFields[name].says}`).join('\n')}
  -tag:old                     not
  state:done,failed            one of them
  "two words"                  as they stand

Examples:
  basil runs cars 'accuracy>80%'
  basil runs is:trash
  basil runs tag 3 4 --add paper --remove draft`

const most = 1_000_000 // runs

export function runsCommand(): Command {
  const command = new Command('runs')
    .description('list the runs, newest first, or say something of them')
    .argument('[query...]', 'which ones; all but those in the trash if not given')
    .option('--json', 'as a JSON array')
    .addHelpText('after', help)
    .action((query: string[], { json = false }) =>
      withWorkbench(json, false, async ({ runs }) => {
        const { rows } = runs.list({ limit: most, query: query.join(' ') })
        if (json) printJson(rows)
        else for (const row of rows) print(listedLine(row))
      }),
    )
  const changing = (name: string, says: string, act: (care: Care, runs: RunId[], given: Given) => void): Command =>
    command
      .command(name)
      .description(says)
      .argument('<run...>', 'their numbers', eachNumber, [])
      .action((runs: RunId[], given: Given) => told(runs, (care) => act(care, runs, given)))
  changing('tag', 'words to find them by', (care, runs, { add = [], remove = [] }) => care.tag(runs, add, remove))
    .option('--add <tag...>', 'that they get')
    .option('--remove <tag...>', 'that they lose')
  changing('pin', 'have them stand first', (care, runs) => care.pin(runs, true))
  changing('unpin', 'have them stand where they belong', (care, runs) => care.pin(runs, false))
  changing('trash', 'move them to the trash', trash)
  changing('restore', 'take them out of the trash', (care, runs) => care.restore(runs))
  const describing = (name: 'name' | 'notes', verb: string, says: string): void =>
    void command
      .command(verb)
      .description(says)
      .argument('<run>', 'its number', wholeNumber)
      .argument('<text>', name === 'name' ? 'its new name' : 'its notes, in place of those before')
      .action((run: number, text: string) =>
        told([runId(run)], (care) => void care.describe(runId(run), { [name]: text })),
      )
  describing('name', 'rename', 'give it another name')
  describing('notes', 'note', 'keep notes with it')
  command
    .command('empty-trash')
    .description('take away for good what is in the trash')
    .action(() => idle(async (care) => print(`${care.emptyTrash()} runs are gone for good.`)))
  return command
}

interface Given {
  add?: string[]
  remove?: string[]
}

const eachNumber = (text: string, before: RunId[]): RunId[] => [...before, runId(wholeNumber(text))]

/** The queue is left to who works on it. */
function idle(act: (care: Care) => Promise<void>): Promise<void> {
  return withWorkbench(false, true, async ({ care, jobs }) => {
    jobs.work('none')
    await act(care)
  })
}

function told(runs: readonly RunId[], act: (care: Care) => void): Promise<void> {
  return idle(async (care) => {
    act(care)
    for (const run of runs) print(markedLine(care.marks(run)))
  })
}

function trash(care: Care, runs: RunId[]): void {
  for (const { run, why } of care.trash(runs).refused) print(`Run ${run} stays: ${why}.`)
}

function markedLine({ run, name, notes, ...marks }: MarkedRun): string {
  return [`${String(run).padStart(5)}  ${name}`, ...markWords(marks), ...(notes === '' ? [] : [notes])].join('  ')
}

function listedLine(row: ListedRun): string {
  return [summaryLine(row), ...markWords(row)].join('  ')
}

function markWords({ pinned, trashed, tags }: Pick<ListedRun, 'pinned' | 'trashed' | 'tags'>): string[] {
  return [...(pinned ? ['pinned'] : []), ...(trashed === null ? [] : ['in the trash']), ...tags.map((tag) => `#${tag}`)]
}
