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

const wheelSchema = pinSchema.extend({ unpacked: z.number() }) // bytes of what is kept
export type Wheel = z.infer<typeof wheelSchema>

const pinsSchema = z.object({
  tensorflow: z.string(), // version
  pip: pinSchema, // one known pip everywhere: older ones neither resume nor say how far they are
  cpu: z.array(wheelSchema).min(1),
  cuda: z.array(wheelSchema).min(1),
} satisfies Record<NativeKind | 'tensorflow' | 'pip', z.ZodType>)
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
  if (any(libraries, name)) return name
  return any(headers, name) ? join('headers', name.slice('tensorflow/include/'.length)) : null
}
