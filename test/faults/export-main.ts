// A process for tests that kill it: writes a model, and ends itself with SIGKILL at the operation of the disk that it
// is told to. Arguments, as JSON: see Export. Says "written", or the code of what was refused.

import { recordOf } from '../../src-main/contract/errors.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import type { TensorFile } from '../../src-main/engine/formats/tensor-file.ts'
import { type Disk, disk } from '../../src-main/files/write-atomic.ts'
import { writeModel } from '../../src-main/files/written-model.ts'
import { sourceOf, written } from '../engine/formats/bytes.ts'

export const steps = ['create', 'first write', 'last write', 'fsync', 'verify', 'name', 'fsync of the folder'] as const
export type Step = (typeof steps)[number]

export interface Export {
  out: string
  overwrite: boolean
  model: number // which
  killAt: { step: Step; isAfter: boolean } | null
}

const names = ['a', 'b', 'c', 'd']
const rows = 100

/** Another one for every number. */
export async function modelOf(number: number): Promise<TensorFile> {
  const bytes = (t: number) =>
    new Uint8Array(Float32Array.from({ length: rows * 8 }, (_, i) => number + t / 8 + i).buffer)
  const tensors = names.map((name, t) => ({ name, dtype: 'F32' as const, shape: [rows, 8], bytes: bytes(t) }))
  return openTensorFile(sourceOf(await written(tensors)))
}

function killing(at: Step, isAfter: boolean): { disk: Disk; verified: () => Promise<void> } {
  async function during<T>(step: Step, act: () => Promise<T>): Promise<T> {
    if (step === at && !isAfter) process.kill(process.pid, 'SIGKILL')
    const done = await act()
    if (step === at) process.kill(process.pid, 'SIGKILL')
    return done
  }
  let writes = 0 // a header, then a piece a tensor
  const stepOf = (write: number): Step | null =>
    write === 0 ? 'first write' : write === names.length ? 'last write' : null
  return {
    disk: {
      ...disk,
      create: async (path) => {
        const file = await during('create', () => disk.create(path))
        return {
          ...file,
          write: (bytes, position) => {
            const step = stepOf(writes++)
            return step ? during(step, () => file.write(bytes, position)) : file.write(bytes, position)
          },
          sync: () => during('fsync', file.sync),
        }
      },
      rename: (from, to) => during('name', () => disk.rename(from, to)),
      link: (from, to) => during('name', () => disk.link(from, to)),
      syncFolder: (path) => during('fsync of the folder', () => disk.syncFolder(path)),
    },
    verified: () => during('verify', async () => undefined),
  }
}

const [asked] = process.argv.slice(2)
if (asked !== undefined && import.meta.main) {
  const { out, overwrite, model, killAt } = JSON.parse(asked) as Export
  const by = killAt && killing(killAt.step, killAt.isAfter)
  const how = by ? { disk: by.disk, accept: by.verified } : {}
  const view = await modelOf(model)
  await writeModel(view, { out, overwrite, container: 'safetensors', metadata: {}, ...how }).then(
    () => console.log('written'),
    (error: unknown) => console.log(recordOf(error).code),
  )
}
