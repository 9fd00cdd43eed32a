// basil convert: a checkpoint in another layout, type or container. And the options of every command that writes a
// model.
import { resolve } from 'node:path'

import { Command, InvalidArgumentError, Option } from 'commander'

import {
  containers,
  type Description,
  type Form,
  formSchema,
  type WrittenDtype,
  writtenDtypes,
  writtenLayouts,
} from '../contract/checkpoint.ts'
import { BasilError } from '../contract/errors.ts'
import { writtenFormat } from '../contract/file-names.ts'
import type { Exported } from '../contract/run/recipe.ts'
import { settingsLine } from '../contract/tower.ts'
import { print, printJson } from './output.ts'
import { resultOf } from './terminal.ts'
import { withEngine } from './with.ts'

export function convertCommand(): Command {
  const command = new Command('convert')
    .argument('<file>', 'a checkpoint of any format and layout')
    .description('write a checkpoint in another layout, type or container')
    .requiredOption('--out <file>', 'where to')
    .option('--overwrite', 'replace the file if it is there')
    .option('--json', 'as JSON')
  return withFormOptions(command, 'the file').action(
    (file: string, { json = false, out, overwrite = false, ...given }) =>
      withEngine(json, async (supervisor) => {
        const form = formOf(out, given)
        const request = { file: resolve(file), out: resolve(out), overwrite, form }
        const exported = await supervisor.ask(async (client) => resultOf(await client.convert(request), json))
        if (json) return printJson(exported)
        const look = (of: string): Promise<Description> => supervisor.ask((client) => client.look({ file: of }))
        for (const line of exportedLines(exported)) print(line)
        const written = await look(request.out)
        for (const line of changeLines(await look(request.file), written)) print(line)
        for (const line of towerLines(written)) print(line)
      }),
  )
}

/** --layout, --dtype and --container, which formOf takes. */
export function withFormOptions(command: Command, parent: string): Command {
  return command
    .addOption(new Option('--layout <layout>', `as ${parent} has it if not given`).choices(writtenLayouts))
    .addOption(
      new Option(
        '--dtype <type>',
        `${writtenDtypes.join(', ')} or bf16, of floating tensors; as ${parent} has them if not given`,
      ).argParser(dtypeOption),
    )
    .addOption(new Option('--container <container>', "by the file's extension if not given").choices(containers))
}

const short: Readonly<Record<string, WrittenDtype>> = { bf16: 'bfloat16', fp16: 'float16', fp32: 'float32' }

/** By its whole name or as programs shorten it. Throws config-invalid. */
export function writtenDtype(text: string): WrittenDtype {
  const found = writtenDtypes.find((name) => name === text) ?? short[text]
  if (found) return found
  throw new BasilError({
    code: 'config-invalid',
    what: 'Weights cannot be written in this type',
    where: text.slice(0, 40),
    why: `it is none of ${[...writtenDtypes, ...Object.keys(short)].join(', ')}`,
    next: 'choose one of these',
  })
}

function dtypeOption(text: string): WrittenDtype {
  try {
    return writtenDtype(text)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof BasilError ? `Here ${error.record.why}.` : String(error))
  }
}

export function formOf(out: string, { layout, dtype, container }: Partial<Form>): Form {
  return formSchema.parse({ layout, dtype, container: container ?? writtenFormat(out).container })
}

/** What whoever loads the file has to be told, as its names and shapes do not tell it. */
export function towerLines({ towers, warnings = [] }: Pick<Description, 'towers' | 'warnings'>): string[] {
  const lines = [
    ...(towers?.vision ? [`image tower: ${settingsLine(towers.vision)}`] : []),
    ...(towers?.text ? [`text tower: ${settingsLine(towers.text)}`] : []),
  ]
  return [...lines, ...warnings.map((warning) => `WARNING: ${warning}`)]
}

/** What became of the blocks: their number is that of coefficients, whatever the layout. */
function changeLines(from: Description, to: Description): string[] {
  const name = { huggingface: 'Hugging Face', open_clip: 'open_clip', 'image encoder': 'an image encoder' }
  const called = (layout: string): string => name[layout as keyof typeof name] ?? layout
  const lines: string[] = []
  if (from.layout !== to.layout) {
    const fused = to.layout === 'huggingface' ? '; coefficients are per fused in_proj' : ''
    lines.push(
      `${from.blocks} blocks; ${called(from.layout)} has them in ${from.tensors.length} tensors, ${called(to.layout)} in ${to.tensors.length}${fused}`,
    )
  }
  const left = leftOf(to)
  if (left.length) lines.push(`Left out, as ${called(to.layout)} has no place for it: ${left.join(', ')}`)
  return lines
}

function leftOf({ metadata }: Description): string[] {
  const told: unknown = JSON.parse(metadata['basil.converted'] ?? '{}')
  return typeof told === 'object' && told !== null && 'left' in told && Array.isArray(told.left) ? told.left : []
}

/** A model that was written, and where merged numbers had to be rounded for it. */
export function exportedLines({ file, tensors, bytes, sha256, rounded = [] }: Exported): string[] {
  const written = `${file}: ${tensors} tensors, ${bytes} bytes, SHA-256 ${sha256}`
  if (rounded.length === 0) return [written]
  return [
    written,
    `Merged numbers were rounded to ${rounded.join(', ')} (to nearest, ties to even); --dtype float32 keeps them`,
  ]
}
