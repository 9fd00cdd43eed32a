// basil as a person types it in a folder that is its data folder too, with the real engine on wasm; and the numbers of
// a file that it wrote.
import { toFloat32 } from '../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { openSource } from '../../src-main/files/source.ts'
import { basil as inTerminal, type Outcome, oneThread } from './terminal.ts'

export const basil = (folder: string, ...args: string[]): Promise<Outcome> =>
  inTerminal(args, { home: folder, cwd: folder, env: oneThread })

export async function valuesOf(path: string): Promise<Map<string, number[]>> {
  const source = await openSource(path)
  const file = await openTensorFile(source)
  const found = new Map<string, number[]>()
  for (const { name, dtype } of file.tensors.values())
    if (dtype === 'F32') found.set(name, [...toFloat32(await file.read(name), dtype)])
  await source.close()
  return found
}
