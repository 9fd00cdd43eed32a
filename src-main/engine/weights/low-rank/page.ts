// adapter_config.json as peft reads it. Scale is alpha / r = 1, since alpha is r, of every module; where modules have
// ranks of their own, patterns say so by whole names ("^": peft takes a pattern as the end of a name else, and a text
// tower's names are the ends of an image tower's).
export interface PeftPage {
  modules: readonly { module: string; rank: number }[]
  whole: readonly string[] // modules_to_save
  isBiased: boolean
  turned: boolean
}

export function peftPage({ modules, whole, isBiased, turned }: PeftPage): Record<string, unknown> {
  const usual = mostFrequent(modules.map(({ rank }) => rank))
  const others = Object.fromEntries(
    modules.flatMap(({ module, rank }) => (rank === usual ? [] : [[`^${module.replaceAll('.', '\\.')}`, rank]])),
  )
  return {
    peft_type: 'LORA',
    task_type: null,
    base_model_name_or_path: null,
    inference_mode: true,
    r: usual,
    lora_alpha: usual,
    lora_dropout: 0,
    target_modules: modules.map(({ module }) => module),
    rank_pattern: others,
    alpha_pattern: others,
    modules_to_save: whole.length ? whole : null,
    bias: isBiased ? 'all' : 'none',
    fan_in_fan_out: turned,
    use_rslora: false,
    use_dora: false,
    init_lora_weights: true,
  }
}

function mostFrequent(ranks: readonly number[]): number {
  const counts = Map.groupBy(ranks, (rank) => rank)
  return [...counts].reduce((best, one) => (one[1].length > best[1].length ? one : best))[0]
}
