// basil heads make: a zero-shot head from class names and prompt templates, by a CLIP model's own text tower.
import { join, resolve } from 'node:path'

import { Command, Option } from 'commander'

import type { HeadEvent } from '../contract/engine-api.ts'
import type { Exported } from '../contract/recipe.ts'
import { readPrompts } from '../runner/heads/prompts.ts'
import type { Supervisor } from '../runner/supervisor.ts'
import { print, printJson } from './output.ts'
import { clearLive, sayLive } from './terminal.ts'

interface HeadsCommands {
  resources: string
  withEngine: (json: boolean, act: (supervisor: Supervisor) => Promise<void>) => Promise<void>
}

export function headsCommand({ resources, withEngine }: HeadsCommands): Command {
  const command = new Command('heads').description('classification heads')
  command
    .command('make')
    .description('a zero-shot head from class names and prompt templates, as a tensor file')
    .requiredOption('--model <checkpoint>', 'a whole CLIP model: its text tower reads the names')
    .requiredOption('--classes <name or file>', 'a data set Basil knows, or a file with one name a line, in the order of the labels')
    .option('--templates <name or file>', 'likewise, "{}" being the name; those of the classes if not given')
    .requiredOption('--out <file>', 'where to')
    .option('--name <name>', 'the tensor is head.NAME; the name of the classes if not given')
    .addOption(new Option('--activation <kind>', "the model's").choices(['quick-gelu', 'gelu']).default('quick-gelu'))
    .option('--overwrite', 'replace the file if it is there')
    .option('--json', 'as JSON')
    .action(({ json = false, model, out, activation, overwrite = false, ...given }) =>
      withEngine(json, async (supervisor) => {
        const classes = readPrompts(resources, 'classes', given.classes)
        const templates = readPrompts(resources, 'templates', given.templates ?? given.classes)
        const name: string = given.name ?? classes.name
        const request = { model: resolve(model), activation, name, classes: classes.texts, templates: templates.texts }
        const merges = join(resources, 'text', 'bpe_simple_vocab_16e6.txt.gz')
        const whole = { ...request, merges, out: resolve(out), overwrite }
        const made = await supervisor.ask(async (client) => lastOf(await client.makeHead(whole), json))
        if (json) return printJson(made)
        print(`${made.file}#head.${name}: ${classes.texts.length} classes by ${templates.texts.length} templates, SHA-256 ${made.sha256}`)
      }),
    )
  return command
}

/** Shows how far it is, on a terminal, and gives what was written at the end. */
async function lastOf(events: AsyncIterable<HeadEvent>, json: boolean): Promise<Exported> {
  let written: Exported | undefined
  for await (const event of events) {
    if (event.type === 'written') {
      const { type: _, ...exported } = event
      written = exported
    } else if (!json) sayLive(`${event.what}: ${event.done} of ${event.total}`)
  }
  clearLive()
  if (written) return written
  throw new Error('the engine ended without saying what it wrote')
}
