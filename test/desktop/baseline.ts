// The oldest system that a binary loads on: the newest version of each library that its symbols ask for.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** { GLIBC: "2.28", GLIBCXX: "3.4.25" }, as objdump reads it. */
export async function newestNeeded(file: string): Promise<Record<string, string>> {
  const { stdout } = await run('objdump', ['-T', file], { maxBuffer: 2 ** 27 })
  const newest: Record<string, string> = {}
  for (const [, library = '', version = ''] of stdout.matchAll(/\*UND\*.*\((GLIBC|GLIBCXX)_([\d.]+)\)/g))
    if (!isAtMost(version, newest[library] ?? '0')) newest[library] = version
  return newest
}

/** Of versions such as "2.28": numbers, not texts. */
export function isAtMost(version: string, limit: string): boolean {
  return version.localeCompare(limit, 'en', { numeric: true }) <= 0
}
