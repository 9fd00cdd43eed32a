// What peft writes into adapter_config.json beside an adapter's factors, as far as a change of weights follows from it:
//   scale = alpha / r, or alpha / sqrt(r) with use_rslora (Kalajdzievski 2023), alpha by module where alpha_pattern says.
// r is taken from the factors' own shape. What would give other weights than those that are told here is refused.
import { z } from 'zod'

import { BasilError } from '../../../contract/errors.ts'
import { adapterSettingsName } from '../../../contract/file-names.ts'
import { parseJson } from '../../../contract/json.ts'
import type { ByteSource } from '../../formats/source.ts'

const largest = 2 ** 20 // bytes

// Keys of peft 0.21 under which the factors mean something else, or not all of it is in them.
const elsewise = [
  'layer_replication',
  'target_parameters',
  'trainable_token_indices',
  'alora_invocation_tokens',
  'use_qalora',
  'use_bdlora',
  'kasa_config',
  'velora_config',
  'monteclora_config',
]

const schema = z.looseObject({
  peft_type: z.string(),
  lora_alpha: z.number(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
  use_rslora: z.boolean().nullish(),
  use_dora: z.boolean().nullish(),
  fan_in_fan_out: z.boolean().nullish(),
  init_lora_weights: z.unknown().optional(),
})

export interface Settings {
  /** Before B A, whose rank is r. */
  scaleOf(module: string, r: number): number
  decomposed: boolean // DoRA: a row's length is learned apart from its direction
  turned: boolean // the base's weights are (in, out), as transformers' Conv1D has them
}

/** Throws not-supported without the file and for what is no LoRA, config-invalid where it cannot be read. */
export async function readSettings(source: ByteSource): Promise<Settings> {
  const file = await source.beside(adapterSettingsName).catch((error: unknown) => {
    if (!(error instanceof BasilError) || error.record.code !== 'file-missing') throw error
    throw unsupported(
      source.name,
      `${adapterSettingsName}, which says how its factors are scaled, is not beside it`,
      'keep the adapter in the folder that peft saved it to',
    )
  })
  const where = `${adapterSettingsName} beside ${source.name}`
  const { data, error } = schema.safeParse(await readJson(file, where))
  if (!data) throw invalid(where, `${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}`)
  if (data.peft_type.toUpperCase() !== 'LORA')
    throw unsupported(
      where,
      `it is an adapter of the kind ${data.peft_type}`,
      'only LoRA and DoRA are changes of weights',
    )
  const init = data.init_lora_weights
  if (typeof init === 'string' && /^(pissa|olora|loftq|corda|lora_ga)/i.test(init))
    throw unsupported(
      where,
      `its factors began as "${init}", which took them out of the base's own weights`,
      'save it again as a change of the original base: save_pretrained with path_initial_model_for_weight_conversion',
    )
  const other = elsewise.find((key) => data[key] && !(Array.isArray(data[key]) && data[key].length === 0))
  if (other)
    throw unsupported(
      where,
      `it has ${other}, and is more than a low-rank change of weights`,
      'merge it with peft, where that can: merge_and_unload()',
    )
  const alphas = Object.entries(data.alpha_pattern ?? {})
  for (const [pattern] of alphas)
    if (!/^\^?[\w.\\-]+\$?$/.test(pattern))
      throw unsupported(
        where,
        `alpha_pattern has the expression ${JSON.stringify(pattern.slice(0, 80))}`,
        'name modules by their names',
      )
  return {
    scaleOf: (module, r) => {
      const alpha = alphas.find(([pattern]) => isMeant(pattern, module))?.[1] ?? data.lora_alpha
      return data.use_rslora ? alpha / Math.sqrt(r) : alpha / r
    },
    decomposed: data.use_dora ?? false,
    turned: data.fan_in_fan_out ?? false,
  }
}

/** As peft matches a key: the module's whole name, or its end behind a dot; with "^" only the whole. */
function isMeant(pattern: string, module: string): boolean {
  const name = pattern.replace(/^\^/, '').replace(/\$$/, '').replaceAll('\\', '')
  return module === name || (!pattern.startsWith('^') && module.endsWith(`.${name}`))
}

async function readJson(file: ByteSource, where: string): Promise<unknown> {
  if (file.size > largest) throw invalid(where, `it has ${file.size} bytes; ${largest} is the most that is read`)
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(await file.read(0, file.size)))
  } catch (error) {
    if (error instanceof BasilError) throw error
    throw invalid(where, error instanceof Error ? error.message : String(error))
  }
}

function invalid(where: string, why: string): BasilError {
  return new BasilError({
    code: 'config-invalid',
    what: "An adapter's configuration cannot be read",
    where,
    why,
    next: 'use the folder as peft saved it (save_pretrained)',
  })
}

export function unsupported(where: string, why: string, next: string): BasilError {
  return new BasilError({ code: 'not-supported', what: 'Basil cannot add this adapter to its base', where, why, next })
}
