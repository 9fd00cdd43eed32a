// basil extract-lora: the difference of a fine-tuned model from its pre-trained one as a LoRA that peft loads.
import { resolve } from 'node:path'

import { Command, InvalidArgumentError, Option } from 'commander'

import { writtenDtypes, writtenLayouts } from '../contract/checkpoint.ts'
import { BasilError } from '../contract/errors.ts'
import { type Extracted, type LoraRank, loraRankSchema } from '../contract/extraction.ts'
import { writtenDtype } from './convert.ts'
import { fail, print, printJson } from './output.ts'
import { resultOf } from './terminal.ts'
import { withEngine } from './with.ts'

interface Given {
  pretrained?: string
  fineTuned?: string
  out: string
  rank: LoraRank
  modules?: string[]
  layout?: (typeof writtenLayouts)[number]
  dtype: string
  saveRest?: boolean
  json?: boolean
}

export function extractLoraCommand(): Command {
  return new Command('extract-lora')
    .argument('[pre-trained]', 'the model before fine-tuning, a file or a folder; or --pretrained')
    .argument('[fine-tuned]', 'the model after it, of any layout; or --fine-tuned')
    .description('write what fine-tuning changed as a LoRA for peft: the truncated SVD of every difference')
    .option('--pretrained <model>', 'the model before fine-tuning')
    .option('--fine-tuned <model>', 'the model after it')
    .requiredOption('--out <folder>', 'where to; it must not be there')
    .requiredOption(
      '--rank <r>',
      'a whole number, at most; or the share of each |delta|^2 to keep, as in 0.95; or full',
      rankOption,
    )
    .option('--modules <names...>', 'modules by their names or ends, as in q_proj v_proj; all that differ if not given')
    .addOption(
      new Option('--layout <layout>', "whose module names; transformers' for CLIP, else the file's own").choices(
        writtenLayouts,
      ),
    )
    .option('--dtype <type>', `of the factors: ${writtenDtypes.join(', ')} or bf16`, 'float32')
    .option('--save-rest', 'what factors cannot hold (biases, norms, embeddings, convolutions) whole, where peft can')
    .option('--json', 'as JSON')
    .action((first: string | undefined, second: string | undefined, given: Given) => {
      const { json = false } = given
      try {
        const [pretrained, finetuned] = modelsOf(first, second, given)
        const request = {
          pretrained: resolve(pretrained),
          finetuned: resolve(finetuned),
          out: resolve(given.out),
          rank: given.rank,
          modules: given.modules ?? null,
          layout: given.layout ?? null,
          dtype: writtenDtype(given.dtype),
          saveRest: given.saveRest ?? false,
        }
        return withEngine(json, async (supervisor) => {
          const found = await supervisor.ask(async (client) => resultOf(await client.extractLora(request), json))
          if (json) printJson(found)
          else for (const line of extractedLines(found)) print(line)
        })
      } catch (error) {
        return fail(error, json, 2)
      }
    })
}

/** By their places, or by the options' names; each once. */
function modelsOf(first: string | undefined, second: string | undefined, given: Given): [string, string] {
  const { pretrained, fineTuned } = given
  const places = [first, second].filter((model) => model !== undefined)
  const [before, after] = [pretrained ?? places.shift(), fineTuned ?? places.shift()]
  if (before !== undefined && after !== undefined && places.length === 0) return [before, after]
  throw new BasilError({
    code: 'config-invalid',
    what: 'Two models are needed',
    where: 'extract-lora',
    why: places.length ? 'there are more' : 'the pre-trained or the fine-tuned one is missing',
    next: 'name the pre-trained model first and the fine-tuned one second',
  })
}

function rankOption(text: string): LoraRank {
  const found = loraRankSchema.safeParse(text === 'full' ? text : text.trim() === '' ? Number.NaN : Number(text))
  if (found.success) return found.data
  throw new InvalidArgumentError('It is a whole number from 1 on, a share between 0 and 1, or full.')
}

function extractedLines({ layers, rest, ...found }: Extracted): string[] {
  const width = Math.max(6, ...layers.map(({ module }) => module.length))
  const lost = rest.filter(({ fate }) => fate === 'lost')
  return [
    `${'module'.padEnd(width)}  rank     |delta|  relative error`,
    ...layers.map(
      ({ module, rank, norm, error }) =>
        `${module.padEnd(width)}  ${String(rank).padStart(4)}  ${norm.toPrecision(4).padStart(10)}  ${error.toPrecision(4).padStart(14)}`,
    ),
    ...rest.map(
      ({ tensor, shape, share, fate, why }) =>
        `${fate === 'saved' ? 'saved whole' : 'NOT HELD'}: ${tensor} [${shape}], ${why}${share === null ? '' : `; ${(100 * share).toPrecision(3)} % of |delta|`}`,
    ),
    `${layers.length} matrices: |delta - B A| is ${found.layerError.toPrecision(4)} of |delta|; of the whole model ${found.error.toPrecision(4)}${lost.length ? `, with ${lost.length} tensors that are not held` : ''}`,
    `${found.file}: ${found.tensors} tensors, ${found.bytes} bytes, SHA-256 ${found.sha256}`,
    `${found.card}: its card`,
  ]
}
