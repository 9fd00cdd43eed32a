// basil heads: a zero-shot head from class names and prompt templates, by a CLIP model's own text tower; heads of other
// programs' files; and a linear probe fitted on labelled images.
import { basename, join, resolve } from 'node:path'

import { Command, Option } from 'commander'

import type { HeadEvent, ProbeReport } from '../contract/api/heads.ts'
import { headNameOf } from '../contract/named-tensor.ts'
import { nothingSaid } from '../contract/tower.ts'
import { readPrompts } from '../workbench/heads/prompts.ts'
import { wholeNumber } from './numbers.ts'
import { print, printJson } from './output.ts'
import { clearLive, sayLive } from './terminal.ts'
import { saidBy, warn, withTextOptions, withTowerOptions } from './tower-options.ts'
import { resources, withEngine } from './with.ts'

export function headsCommand(): Command {
  const command = new Command('heads').description('classification heads')
  return command.addCommand(makeCommand()).addCommand(importCommand()).addCommand(probeCommand())
}

function makeCommand(): Command {
  return withTextOptions(written('make', 'a zero-shot head from class names and prompt templates, as a tensor file'))
    .requiredOption('--model <checkpoint>', 'a whole CLIP model: its text tower reads the names')
    .requiredOption(
      '--classes <name or file>',
      'a data set Basil knows, or a file with one name a line, in the order of the labels',
    )
    .option('--templates <name or file>', 'likewise, "{}" being the name; those of the classes if not given')
    .option('--name <name>', 'the tensor is head.NAME; the name of the classes if not given')
    .action(({ json = false, model, out, endOfText = null, overwrite = false, ...given }) =>
      withEngine(json, async (supervisor) => {
        const classes = readPrompts(resources, 'classes', given.classes)
        const templates = readPrompts(resources, 'templates', given.templates ?? given.classes)
        const name: string = given.name ?? classes.name
        const request = {
          model: resolve(model),
          ...nothingSaid,
          ...saidBy(given),
          endOfText,
          name,
          classes: classes.texts,
          templates: templates.texts,
        }
        const merges = join(resources, 'text', 'bpe_simple_vocab_16e6.txt.gz')
        const whole = { ...request, merges, out: resolve(out), overwrite }
        const made = await supervisor.ask(async (client) => lastOf(await client.makeHead(whole), json))
        if (json) return printJson(made)
        warn(made.warnings)
        print(
          `${made.file}#head.${name}: ${classes.texts.length} classes by ${templates.texts.length} templates, SHA-256 ${made.sha256}`,
        )
      }),
    )
}

function importCommand(): Command {
  return written('import', "heads of other programs' files, such as head_CarsVal.pt, in one tensor file")
    .argument('<files...>', '"head_CarsVal.pt", or "file#tensor"')
    .option(
      '--name <name...>',
      'the tensor is head.NAME, in the order of the files; said by the file names if not given',
    )
    .option('--model <checkpoint>', 'the model they take features of: its hash is noted')
    .addOption(new Option('--as <kind>', 'what they are').choices(['zero-shot', 'probe']).default('zero-shot'))
    .addOption(
      new Option('--features <kind>', 'what a probe was trained on')
        .choices(['normalised', 'raw'])
        .default('normalised'),
    )
    .action((files: string[], { json = false, name = [], model, out, as, features, overwrite = false }) =>
      withEngine(json, async (supervisor) => {
        const heads = files.map((file, i) => ({
          file: resolve(file),
          name: (name[i] as string | undefined) ?? headNameOf(file),
        }))
        const request = {
          heads,
          as,
          features,
          model: model === undefined ? null : resolve(model),
          out: resolve(out),
          overwrite,
        }
        const made = await supervisor.ask((client) => client.importHeads(request))
        if (json) return printJson(made)
        for (const head of heads) print(`${made.file}#head.${head.name}: from ${basename(head.file)}`)
      }),
    )
}

function probeCommand(): Command {
  return withTowerOptions(
    written('probe', "a linear probe: the head that is best for a frozen model's features of labelled images"),
  )
    .requiredOption('--model <checkpoint>', 'whose features it takes')
    .requiredOption('--data <file#name>', 'images to learn on')
    .option(
      '--validation <file#name>',
      'images that choose the strength of the penalty; a fifth of the others if not given',
    )
    .requiredOption(
      '--classes <n, name or file>',
      'how many; or their names: a data set Basil knows, or a file with one name a line',
    )
    .option('--name <name>', 'the tensor is head.NAME; that of the data if not given')
    .option('--seed <n>', 'of the fifth', wholeNumber, 0)
    .action(({ json = false, model, data, validation, seed, out, overwrite = false, ...given }) =>
      withEngine(json, async (supervisor) => {
        const classes = /^\d+$/.test(given.classes)
          ? Number(given.classes)
          : readPrompts(resources, 'classes', given.classes).texts
        const name: string = given.name ?? dataNameOf(data)
        const images = { data: resolve(data), validation: validation === undefined ? null : resolve(validation) }
        const request = {
          model: resolve(model),
          ...nothingSaid,
          ...saidBy(given),
          ...images,
          name,
          classes,
          seed,
          out: resolve(out),
          overwrite,
        }
        const made = await supervisor.ask(async (client) => lastOf(await client.probeHead(request), json))
        if (json) return printJson(made)
        warn(made.warnings)
        for (const line of reportLines(made.report)) print(line)
        print(`${made.file}#head.${name}: SHA-256 ${made.sha256}`)
      }),
    )
}

/** A command that writes one file. */
function written(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption('--out <file>', 'where to')
    .option('--overwrite', 'replace the file if it is there')
    .option('--json', 'as JSON')
}

/** "mnist" of "tasks.safetensors#mnist.learning". */
function dataNameOf(data: string): string {
  return basename(data)
    .replace(/^.*#/, '')
    .replace(/\.[^.]*$/, '')
}

function reportLines({ fits, chosen, images, heldOut }: ProbeReport): string[] {
  const percent = (part: number): string => `${(100 * part).toFixed(1)} %`.padStart(8)
  const lines = fits.map(({ strength, training, validation, steps, converged }, i) => {
    const how = `${steps} steps${converged ? '' : ', not converged'}${i === chosen ? ', chosen' : ''}`
    return `${strength.toExponential(0).padStart(8)}  ${percent(training)}  ${percent(validation)}  ${how}`
  })
  const last = heldOut ? ['The validation images were a fifth of the data; the head has learned on them too.'] : []
  return [`strength  training  validation, on ${images.training} and ${images.validation} images`, ...lines, ...last]
}

type Written<E> = Omit<Extract<E, { type: 'written' }>, 'type'>

/** Shows how far it is, on a terminal, and gives what was written at the end. */
async function lastOf<E extends HeadEvent>(events: AsyncIterable<E>, json: boolean): Promise<Written<E>> {
  let last: Written<E> | undefined
  for await (const event of events) {
    if (event.type === 'written') {
      const { type: _, ...told } = event as Extract<E, { type: 'written' }>
      last = told
    } else if (!json) sayLive(`${event.what}: ${event.done} of ${event.total}`)
  }
  clearLive()
  if (last) return last
  throw new Error('the engine ended without saying what it wrote')
}
