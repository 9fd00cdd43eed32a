// Small checkpoints in a folder that goes with the test, and a workbench with a library over them.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { onTestFinished } from 'vitest'

import type { Entry } from '../../../src-main/contract/api/library.ts'
import { type EngineProcess, forkEngine } from '../../../src-main/workbench/link/engine-process.ts'
import { createReader, type Reader } from '../../../src-main/workbench/reading/reader.ts'
import type { Workbench } from '../../../src-main/workbench/workbench.ts'
import { started } from '../../bundles.ts'
import { temporaryFolder, toyWorkbench } from '../toy.ts'
import type { Misbehaviour } from './reader-double.ts'

/** A safetensors file of one tensor, (4) float32, that differs from others by its value. */
export function checkpoint(value: number, metadata: Record<string, string> = {}): Uint8Array {
  const header = JSON.stringify({ __metadata__: metadata, weight: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } })
  const text = new TextEncoder().encode(header + ' '.repeat((8 - (header.length % 8)) % 8))
  const bytes = new Uint8Array(8 + text.length + 16)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(new Uint8Array(new Float32Array(4).fill(value).buffer), 8 + text.length)
  return bytes
}

/** Writes files by their paths below a folder. */
export function lay(folder: string, files: Record<string, Uint8Array | string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
}

const readerDouble = started('test/workbench/library/reader-double.ts')

/**
 * A workbench whose engine is the toy and whose reader is the real one, less what a file's name asks for; see
 * reader-double.ts.
 */
export async function libraryAt(home: string, misbehaviour: Misbehaviour = {}, write = true): Promise<Workbench> {
  return toyWorkbench(home, (environment) => forkEngine(readerDouble, { ...environment, ...said(misbehaviour) }), write)
}

export function readerOf(
  misbehaviour: Misbehaviour,
  ...more: Parameters<typeof createReader> extends [unknown, ...infer More] ? More : never
): { reader: Reader; started: EngineProcess[] } {
  const started: EngineProcess[] = []
  const reader = createReader(
    () => {
      const child = forkEngine(readerDouble, { ...process.env, ...said(misbehaviour) })
      started.push(child)
      return child
    },
    ...more,
  )
  onTestFinished(() => reader.close())
  return { reader, started }
}

const said = (misbehaviour: Misbehaviour): NodeJS.ProcessEnv => ({ MISBEHAVIOUR: JSON.stringify(misbehaviour) })

/** A folder of checkpoints and a workbench beside it. */
export async function setting(files: Record<string, Uint8Array | string>, misbehaviour: Misbehaviour = {}) {
  const [folder, home] = [temporaryFolder(), temporaryFolder()]
  lay(folder, files)
  const workbench = await libraryAt(home, misbehaviour)
  return { folder, home, workbench, library: workbench.library }
}

/** Everything read and hashed. */
export async function settled({ library }: Workbench): Promise<Entry[]> {
  await library.settled()
  return (await library.list()).entries
}
