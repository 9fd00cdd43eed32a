// A report as one zip: what was shown, byte for byte, and nothing else.
import type { Readable } from 'node:stream'

import { ZipFile } from 'yazl'

import type { ReportEntry } from '../../contract/api/problem.ts'

/** The same entries give the same bytes. */
export async function packed(entries: readonly ReportEntry[]): Promise<Buffer> {
  const zip = new ZipFile()
  const packing = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true }
  for (const { name, text } of entries) zip.addBuffer(Buffer.from(text), `basil-report/${name}`, packing)
  zip.end()
  const chunks: Uint8Array[] = []
  for await (const chunk of zip.outputStream as Readable) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

/** Beside others of the same day. */
export function reportName(run: number | null, at: Date): string {
  const stamp = at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
  return `basil-report-${run === null ? '' : `run-${run}-`}${stamp}.zip`
}
