// How a person looks at charts (smoothing, logarithmic axes, scales), by their titles; found again after a restart.
import { z } from 'zod'

import { choice } from './remembered.svelte.ts'

const look = z.record(z.string(), z.union([z.number(), z.boolean()]))
const kept = choice('charts', z.record(z.string(), look), {})
const most = 200 // charts: titles of studies and models make new ones

export const chartLooks = {
  of: (title: string) => kept.value[title] ?? {},
  put: (title: string, one: z.infer<typeof look>) => {
    const others = Object.entries(kept.value).filter(([name]) => name !== title)
    kept.value = Object.fromEntries([...others, [title, one] as const].slice(-most))
  },
}
