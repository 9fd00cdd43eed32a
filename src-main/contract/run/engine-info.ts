// What is known of an engine that computes: its kind, its card, and what decides the last digits of its results.
import { z } from 'zod'

/** The most wanted first, where nothing is measured. */
export const engineKinds = ['native-gpu', 'webgpu', 'native-cpu', 'wasm'] as const
export type EngineKind = (typeof engineKinds)[number]

const cardSchema = z.object({
  name: z.string(),
  driver: z.string(),
  software: z.boolean().optional(), // no card at all: a driver that computes on the processor
})
export type Card = z.infer<typeof cardSchema>

export const engineInfoSchema = z.object({
  name: z.string(), // as shown on screen: "wasm, 2 threads, relaxed SIMD"
  kind: z.enum(engineKinds),
  threads: z.number(),
  simd: z.string(),
  reason: z.string(), // why the engines before it are not in use; empty when it is the first
  versions: z.record(z.string(), z.string()),
  card: cardSchema.optional(), // the GPU it computes on, where it knows it
  tuning: z.string().optional(), // a hash of what was chosen for this card by measuring, where that shows in the bits
  repeats: z.boolean().optional(), // whether the same seed gives the same bits again; not known of runs before
})
export type EngineInfo = z.infer<typeof engineInfoSchema>

/** With the card it computes on. */
export function engineNamed({ name, card }: EngineInfo): string {
  return card && !name.includes(card.name) ? `${name} on ${card.name}` : name
}
