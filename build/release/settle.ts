// A tree as it is packed on every machine: one date for all, and rights that do not hang on who made the files.
import { chmodSync, lstatSync, lutimesSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** epoch: seconds since 1970. Its files, relative and sorted. */
export function settle(folder: string, epoch: number): string[] {
  const files: string[] = []
  const visit = (path: string): void => {
    const whole = join(folder, path)
    const info = lstatSync(whole)
    if (info.isDirectory()) {
      for (const name of readdirSync(whole).sort()) visit(path === '' ? name : `${path}/${name}`)
      chmodSync(whole, 0o755)
    } else if (info.isFile()) {
      files.push(path)
      chmodSync(whole, info.mode & 0o100 ? 0o755 : 0o644)
    }
    lutimesSync(whole, epoch, epoch)
  }
  visit('')
  return files.sort()
}
