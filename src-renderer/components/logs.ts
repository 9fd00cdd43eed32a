// Where the logs lie, which the frame round every page knows and any note of an error tells.
import { getContext, hasContext, setContext } from 'svelte'

const key = Symbol('logs')

export const tellLogs = (folder: () => string | null): void => void setContext(key, folder)

/** While a component is made; null where nobody knows. */
export function logsFolder(): () => string | null {
  return hasContext(key) ? getContext<() => string | null>(key) : () => null
}
