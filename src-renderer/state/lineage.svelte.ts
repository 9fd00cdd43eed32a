// Where a run or a model comes from and what came of it, and what a run's models were written to.
import type { Lineage, WrittenModel } from '../../src-main/contract/api/lineage.ts'
import type { ErrorRecord } from '../../src-main/contract/errors.ts'
import { client, errorOf } from '../bridge.ts'

export type Asked = { lineage: Lineage } | { error: ErrorRecord }

/** Never rejects. */
export async function lineageOf(of: { run: number } | { id: number }): Promise<Asked> {
  try {
    return { lineage: await client.lineage.of(of) }
  } catch (thrown) {
    return { error: errorOf(thrown) }
  }
}

export function writtenOf(run: number): Promise<WrittenModel[]> {
  return client.lineage.written({ run })
}

/** The file becomes a row of the library, with its lineage. */
export async function toLibrary(file: string): Promise<void> {
  await client.library.add({ paths: [file] })
}
