// What differs between configurations: every field by its path, nested as it is, with defaults filled in; tasks by
// their names. What all have alike is left out.
import { dash, fileName } from '../format.ts'

export interface Difference {
  setting: string // "iteration.learningRate", "tasks: cars, data"
  values: string[] // one a configuration
}

export function differences(configs: readonly object[]): Difference[] {
  const flat = configs.map((config) => new Map(fields(config, '')))
  const settings = [...new Set(flat.flatMap((one) => [...one.keys()]))].filter((setting) => setting !== 'name')
  return settings.flatMap((setting) => {
    const values = flat.map((one) => one.get(setting) ?? dash)
    return new Set(values).size > 1 ? [{ setting, values: values.map(shown) }] : []
  })
}

/** A path that only its folder tells from another stays whole where it is short. */
function shown(value: string): string {
  return /^(\/|[a-z]:\\).*[/\\]/i.test(value) && value.length > 40
    ? `…/${value.split(/[/\\]/).slice(-2).join('/')}`
    : value
}

function fields(value: unknown, path: string): [string, string][] {
  if (Array.isArray(value)) {
    if (value.some((one) => typeof one === 'object' && one !== null))
      return value.flatMap((one, i) => fields(one, `${path}: ${nameOf(one) ?? i + 1}`))
    return [[path, value.map((one) => (typeof one === 'string' ? fileName(one) : String(one))).join(', ') || dash]]
  }
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, inner]) =>
      key === 'name' && path.includes(':')
        ? []
        : fields(inner, path === '' ? key : `${path}${path.includes(':') ? ', ' : '.'}${key}`),
    )
  return value === null || value === undefined ? [] : [[path, String(value)]]
}

function nameOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('name' in value)) return null
  return typeof value.name === 'string' ? value.name : null
}
