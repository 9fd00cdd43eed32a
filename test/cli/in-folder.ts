// basil as a person types it in a folder that is its data folder too, with the real engine on wasm; and the numbers of
// a file that it wrote.
import { execFile } from 'node:child_process'
import { join } from 'node:path'

import { toFloat32 } from '../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../src-main/engine/formats/index.ts'
import { openSource } from '../../src-main/files/source.ts'

const cli = join(import.meta.dirname, '../../src-main/cli.ts')

export function basil(folder: string, ...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const env = { ...process.env, BASIL_HOME: folder, BASIL_BACKEND: 'wasm', BASIL_THREADS: '1' }
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], { env, cwd: folder }, (error, out, err) =>
      resolve({ code: error ? error.code : 0, out, err }),
    )
  })
}

export async function valuesOf(path: string): Promise<Map<string, number[]>> {
  const source = await openSource(path)
  const file = await openTensorFile(source)
  const found = new Map<string, number[]>()
  for (const { name, dtype } of file.tensors.values())
    if (dtype === 'F32') found.set(name, [...toFloat32(await file.read(name), dtype)])
  await source.close()
  return found
}
