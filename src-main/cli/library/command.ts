// basil library add|list|show|refresh|forget|tag|describe: the checkpoints the person owns, from a terminal. Adding
// waits until everything is read and hashed; whoever interrupts it loses nothing, the rest is done at the next start.
// Listing works while a window is open.
import { Command, Option } from 'commander'

import type { Described, Entry } from '../../contract/api/library.ts'
import { roles } from '../../contract/checkpoint.ts'
import type { Workbench } from '../../workbench/workbench.ts'
import { wholeNumber } from '../numbers.ts'
import { print, printJson } from '../output.ts'
import { clearLive, sayLive } from '../terminal.ts'
import { withWorkbench } from '../with.ts'
import { addedLines, entryLine, setLine, shownLines } from './print.ts'

export function libraryCommand(): Command {
  const command = new Command('library').description(
    'the checkpoints you own: where they are, what they are, what used them',
  )
  const part = (name: string, description: string): Command =>
    command.command(name).description(description).option('--json', 'as JSON')

  part('add', 'files, or folders that are walked')
    .argument('<paths...>')
    .action((paths: string[], { json = false }) =>
      withWorkbench(json, true, async (workbench) => {
        const told = await workbench.library.add(paths)
        const entries = await whenRead(workbench, json)
        if (json) printJson({ ...told, entries: entries.filter(({ id }) => told.added.includes(id)) })
        else for (const line of addedLines(told, entries)) print(line)
        if (told.added.length + told.known.length === 0) process.exitCode = 3
      }),
    )
  part('list', 'every row, with its state').action(({ json = false }) =>
    withWorkbench(json, false, async ({ library }) => {
      const { entries, sets } = await library.list()
      if (json) return printJson({ entries, sets })
      for (const entry of entries) print(entryLine(entry))
      for (const set of sets) print(setLine(set))
    }),
  )
  part('show', 'all that is known of a row, its tensors and what it comes from')
    .argument('<id>', 'number of the row', wholeNumber)
    .action((id: number, { json = false }) =>
      withWorkbench(json, false, async ({ library }) => {
        const shown = library.show(id)
        if (json) printJson(shown)
        else for (const line of shownLines(shown)) print(line)
      }),
    )
  part('refresh', 'look at every file again: missing, changed, moved').action(({ json = false }) =>
    withWorkbench(json, true, async (workbench) => {
      await workbench.library.refresh()
      const entries = await whenRead(workbench, json)
      if (json) printJson({ entries })
      else for (const entry of entries) if (entry.state !== 'present') print(entryLine(entry))
    }),
  )
  part('forget', 'take rows away; their files stay')
    .argument('<ids...>', 'numbers of rows', numbers)
    .action((ids: number[], { json = false }) =>
      withWorkbench(json, true, async ({ library }) => {
        const forgotten = library.forget(ids)
        if (json) printJson({ forgotten })
        else print(`${forgotten} forgotten; the files are where they were.`)
      }),
    )
  const describe = (said: Described, json: boolean): Promise<void> =>
    withWorkbench(json, true, async ({ library }) => {
      const entry = library.describe(said)
      if (json) printJson(entry)
      else print(entryLine(entry))
    })
  part('tag', 'the tags of a row, all of them; none to take them away')
    .argument('<id>', 'number of the row', wholeNumber)
    .argument('[tags...]')
    .action((id: number, tags: string[], { json = false }) => describe({ id, tags }, json))
  part('describe', 'what you know of a row better than its file')
    .argument('<id>', 'number of the row', wholeNumber)
    .addOption(new Option('--role <role>', '"file": what the file says').choices([...roles, 'file']))
    .option('--notes <text>')
    .action((id: number, { json = false, role, notes }) =>
      describe(
        {
          id,
          ...(role !== undefined && { role: role === 'file' ? null : role }),
          ...(notes !== undefined && { notes }),
        },
        json,
      ),
    )
  return command
}

/** Shows how far it is, on a terminal. */
async function whenRead({ library }: Workbench, json: boolean): Promise<Entry[]> {
  const events = library.watch()
  const live = (async () => {
    for await (const { work } of events) if (work && !json) sayLive(`${work.what}: ${work.done} of ${work.total}`)
  })()
  await library.settled()
  void events.return()
  void live
  clearLive()
  return (await library.list()).entries
}

function numbers(text: string, before: number[] = []): number[] {
  return [...before, wholeNumber(text)]
}
