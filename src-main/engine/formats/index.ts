// The formats Basil reads. To add one: a file with a test of the first bytes and an opener, and a line in this list;
// the format suite (round trip, hostile files) then covers it.
import { BasilError } from '../../contract/errors.ts'
import { looksLikeSafetensors, openSafetensors } from './safetensors.ts'
import type { ByteSource } from './source.ts'
import type { TensorFile } from './tensor-file.ts'

interface Format {
  name: string
  matches(head: Uint8Array, name: string): boolean
  open(source: ByteSource): Promise<TensorFile>
}

const formats: Format[] = [
  { name: 'safetensors', matches: (head, name) => looksLikeSafetensors(head) || name.endsWith('.safetensors'), open: openSafetensors },
]

export async function openTensorFile(source: ByteSource): Promise<TensorFile> {
  const head = await source.read(0, Math.min(16, source.size))
  const format = formats.find((f) => f.matches(head, source.name.toLowerCase()))
  if (format) return format.open(source)
  throw new BasilError({
    code: 'format-unknown',
    what: 'Basil cannot read this kind of file',
    where: source.name,
    why: `its first bytes are those of no known format (${formats.map((f) => f.name).join(', ')})`,
    next: 'convert the checkpoint to safetensors',
  })
}
