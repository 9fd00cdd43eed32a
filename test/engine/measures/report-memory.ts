// The report of N models in a process of its own, and the most memory that it had: the figure behind
// merge-report.heavy.test.ts. Models share their bytes, so that what grows with N is the report's own.
import type { ByteSource } from '../../../src-main/engine/formats/source.ts'
import { mergeReportOf } from '../../../src-main/engine/measures/merge-report.ts'
import { sourceOf, written } from '../formats/bytes.ts'
import { filled, type Shapes } from '../layouts/models.ts'

export interface Memory {
  layers: number
  bytes: number // resident, at most
  model: number // bytes of one
}

const count = Number(process.argv[2])
const shapes: Shapes = [
  ['layers.0.conv', [5, 1024, 1024]], // 20 MB
  ['layers.0.weight', [128, 192]],
]
const [base, tuned] = [await written(filled(shapes, 'F32', 1, true)), await written(filled(shapes, 'F32', 2, true))]
const names = Array.from({ length: count }, (_, t) => `${t}.safetensors`)

/** As a file does, it copies into the room that it is given and leaves nothing behind. */
async function open(path: string): Promise<ByteSource> {
  const bytes = path === 'base' ? base : tuned
  const read: ByteSource['read'] = async (offset, length, into = new Uint8Array(length)) => {
    into.set(bytes.subarray(offset, offset + length))
    return into.subarray(0, length)
  }
  return { ...sourceOf(bytes, path), path, read }
}

let layers = 0
const request = { pretrained: 'base', vectors: names, spectra: 'all' as const }
for await (const told of mergeReportOf(request, { skipped: '' }, open))
  if (told.type === 'result') layers = told.result.layers.length
const found: Memory = { layers, bytes: 1024 * process.resourceUsage().maxRSS, model: tuned.length }
console.log(JSON.stringify(found))
process.exit()
