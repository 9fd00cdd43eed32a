// A path as a person types it: "~" is the home folder, and what is relative begins where Basil was started.
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

export function absolute(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : resolve(path)
}
