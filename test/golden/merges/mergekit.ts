// What a record of mergekit 0.1.5 asks, as a step of Basil's.
interface Known {
  weight?: number | number[]
  density?: number
  gamma?: number
  lambda?: number
  t?: number
  normalize?: boolean
  rescale?: boolean
  nuslerp_flatten?: boolean
  nuslerp_row_wise?: boolean
  normalize_weights?: boolean
  max_iter?: number
  tol?: number
  filter_wise?: boolean
  select_topk?: number
  epsilon?: number
}
export type Params = Known

interface Asked {
  method: string
  parameters: Record<string, unknown>
  weights?: number[]
  coefficient: number
}

export function stepFor(method: string, params: Params, count: number, hasBase: boolean): Asked {
  const { weight = 1, lambda = 1 } = params
  const weights = Array.isArray(weight) ? weight : Array.from({ length: count }, () => weight)
  const found = { ...methodFor(method, params, hasBase), coefficient: lambda }
  return isEqual.has(method) ? found : { ...found, weights }
}

/** Methods of models that weigh the same there. */
const isEqual = new Set(['slerp', 'karcher', 'model_stock', 'sce', 'ram', 'ramplus_tl', 'nearswap', 'arcee_fusion'])

function methodFor(
  method: string,
  params: Params,
  hasBase: boolean,
): { method: string; parameters: Record<string, unknown> } {
  const { density = 1, normalize, rescale, epsilon } = params
  const of = hasBase ? 'differences' : 'models'
  const said = (values: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
  const l1 = rescale ? 'l1' : 'none'
  const sparse = (name: string, own: Record<string, unknown>) => ({
    method: name,
    parameters: said({
      density,
      consensus: method.endsWith('_ties') || method === 'della' ? 'elected' : 'none',
      normalize: normalize ?? method === 'della',
      ...own,
    }),
  })
  switch (method) {
    case 'linear':
      return { method: 'weighted-average', parameters: said({ normalize }) }
    case 'task_arithmetic':
      return normalize
        ? { method: 'weighted-average', parameters: { of: 'differences' } }
        : { method: 'task-arithmetic', parameters: {} }
    case 'ties':
      return {
        method: 'ties',
        parameters: said({ density, scope: 'tensor', keep: 'floor', sign: 'plus', normalize, rescale: l1 }),
      }
    case 'breadcrumbs':
    case 'breadcrumbs_ties':
      return sparse('breadcrumbs', { gamma: params.gamma, rescale: l1 })
    case 'dare_linear':
      return sparse('dare', { rescale: 'l1' })
    case 'della':
    case 'della_linear':
      return sparse('della', { rescale: 'l1', epsilon })
    case 'slerp':
      return { method: 'slerp', parameters: said({ t: params.t }) }
    case 'nuslerp': {
      const along = params.nuslerp_flatten === false ? (params.nuslerp_row_wise ? 'columns' : 'rows') : 'tensor'
      return { method: 'nuslerp', parameters: { of, along } }
    }
    case 'multislerp':
      return { method: 'multi-slerp', parameters: said({ of, normalize: params.normalize_weights }) }
    case 'karcher':
      return { method: 'karcher', parameters: said({ iterations: params.max_iter, tolerance: params.tol }) }
    case 'model_stock':
      return {
        method: 'model-stock',
        parameters: { scope: params.filter_wise ? 'row' : 'tensor', angle: 'cosines', floor: 1e-6 },
      }
    case 'sce':
      return { method: 'sce', parameters: said({ density: params.select_topk, floor: 1e-6 }) }
    case 'ram':
    case 'ramplus_tl':
      return { method: 'ram', parameters: said({ r: method === 'ram' ? 0 : 0.1, epsilon }) }
    case 'nearswap':
      return { method: 'nearswap', parameters: said({ t: params.t }) }
    case 'arcee_fusion':
      return { method: 'arcee-fusion', parameters: {} }
    default:
      throw new Error(`no step for ${method}`)
  }
}
