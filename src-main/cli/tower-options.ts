// The options with which a person says how a model is computed, for commands that compute without a configuration, and
// what is told of it.
import { type Command, InvalidArgumentError, Option } from 'commander'

import { type Activation, activations, attentionHeads, endOfText, layerNormEps } from '../contract/tower.ts'

export interface Options {
  activation?: Activation
  attentionHeads?: number
  layerNormEps?: number
}

/** Without them: what stands beside the model, or is known of its shape. */
export function withTowerOptions(command: Command): Command {
  return command
    .addOption(new Option('--activation <kind>', "the model's, where nothing beside it says").choices(activations))
    .option('--attention-heads <n>', 'likewise', number(attentionHeads))
    .option('--layer-norm-eps <e>', 'likewise', number(layerNormEps))
}

export function withTextOptions(command: Command): Command {
  return withTowerOptions(command).option('--end-of-text <token>', 'where a text is read, likewise', number(endOfText))
}

/** What the options say, and no more. */
export function saidBy({ activation, attentionHeads: heads, layerNormEps: epsilon }: Options): Options {
  return {
    ...(activation && { activation }),
    ...(heads !== undefined && { attentionHeads: heads }),
    ...(epsilon !== undefined && { layerNormEps: epsilon }),
  }
}

/** Each once, on the line of errors, so that what a script reads stays what it was. */
export function warn(warnings: readonly string[] = []): void {
  for (const warning of new Set(warnings)) process.stderr.write(`WARNING: ${warning}\n`)
}

const number =
  (schema: { safeParse(value: number): { data?: number | undefined } }) =>
  (text: string): number => {
    const { data } = schema.safeParse(text.trim() === '' ? Number.NaN : Number(text))
    if (data === undefined) throw new InvalidArgumentError('It is not such a number.')
    return data
  }
