// The stream of long work: how far it is, and at the end what came of it. Its type is Told<T> (engine-api.ts).
import { eventIterator } from '@orpc/contract'
import { z } from 'zod'

import { progressSchema } from '../run/run.ts'

export const told = <T extends z.ZodType>(result: T) =>
  eventIterator(z.discriminatedUnion('type', [progressSchema, z.object({ type: z.literal('result'), result })]))
