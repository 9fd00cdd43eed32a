// The wheels that make an engine, pinned by content in resources/engine/wheels.json: what is fetched, how large it is,
// and which of its files are kept. A new version of TensorFlow is new lines there (resources/engine/README.md says
// how).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { z } from 'zod'

import type { NativeKind } from '../../contract/api/native.ts'

const pinSchema = z.object({
  project: z.string(),
  version: z.string(),
  file: z.string().regex(/^[\w.+-]+\.whl$/),
  bytes: z.number(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type Pin = z.infer<typeof pinSchema>

const fileName = z.string().regex(/^[\w.+-]+$/)
const wheelSchema = pinSchema.extend({
  unpacked: z.number(), // bytes of what is kept
  links: z.record(fileName, fileName).optional(), // names TensorFlow asks for, to the libraries that stand for them
})
export type Wheel = z.infer<typeof wheelSchema>

const capability = z.string().regex(/^\d+\.\d$/) // as nvidia-smi has it: "8.9"
const needsSchema = z.object({ driver: z.string(), oldest: capability })

const pinsSchema = z.object({
  tensorflow: z.string(), // version
  pip: pinSchema, // one known pip everywhere: older ones neither resume nor say how far they are
  // the cards that TensorFlow's library has machine code for, and what each CUDA asks of driver and card
  cards: z.object({ code: z.array(capability).min(1), cuda: needsSchema, cuda13: needsSchema }),
  cpu: z.array(wheelSchema).min(1),
  cuda: z.array(wheelSchema).min(1), // CUDA 12
  cuda13: z.array(wheelSchema).min(1),
} satisfies Record<NativeKind | 'tensorflow' | 'pip' | 'cards' | 'cuda13', z.ZodType>)
export type Pins = z.infer<typeof pinsSchema>

/** The pins of this version of Basil. */
export function readPins(resources: string): Pins {
  return pinsSchema.parse(JSON.parse(readFileSync(join(resources, 'engine', 'wheels.json'), 'utf8')))
}

const libraries = [
  /^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/,
  /^nvidia\/[^/]+\/lib\/[^/]+\.so[^/]*$/,
  /^nvidia\/cuda_nvcc\/(bin\/ptxas|nvvm\/libdevice\/[^/]+\.bc)$/, // looked for beside the libraries
]
const headers = [
  /^tensorflow\/include\/tensorflow\/c\/(eager\/c_api|[^/]+)\.h$/,
  /^tensorflow\/include\/(tensorflow\/core|tsl)\/platform\/ctstring(_internal)?\.h$/,
  /^tensorflow\/include\/xla\/tsl\/c\/tsl_status\.h$/,
]
const licences = [/^tensorflow\/THIRD_PARTY_NOTICES\.txt$/, /^[^/]+\.dist-info\/(?:licenses\/)?licen[cs]e[^/]*$/i]
const any = (patterns: RegExp[], name: string): boolean => patterns.some((pattern) => pattern.test(name))

/**
 * Where a file of a wheel goes in an installation, relative to its folder; null: it is not needed. Headers go when the
 * addon is built.
 */
export function placeOf(name: string): string | null {
  if (any(licences, name)) return name.startsWith('tensorflow/') ? name : join('licences', `${name.split('-')[0]}.txt`)
  // CUDA 13's libraries find each other in one folder, and TensorFlow looks into this one
  if (any(libraries, name)) return name.replace(/^nvidia\/cu13\/lib\//, 'nvidia/cublas/lib/')
  return any(headers, name) ? join('headers', name.slice('tensorflow/include/'.length)) : null
}
