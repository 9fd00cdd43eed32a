// A process for tests that kill it: writes a model over its target, says so when the first tensor is on the disk, and
// waits there.
import type { TensorFile } from '../../src-main/engine/formats/tensor-file.ts'
import { writeModel } from '../../src-main/files/written-model.ts'

const info = (name: string) => ({ name, dtype: 'F32' as const, shape: [2 ** 18], bytes: 2 ** 20 })
const read = async (name: string): Promise<Uint8Array> => {
  if (name === 'second') {
    process.stdout.write('half\n')
    await new Promise((resolve) => setTimeout(resolve, 2 ** 31 - 1))
  }
  return new Uint8Array(2 ** 20)
}
const tensors = new Map(['first', 'second'].map((name) => [name, info(name)]))
const readRange = async (name: string, _: number, length: number) => (await read(name)).subarray(0, length)
const view: TensorFile = { source: undefined as never, format: 'test', tensors, metadata: {}, read, readRange }
await writeModel(view, { out: process.argv[2] ?? '', overwrite: true, container: 'safetensors', metadata: {} })
