// The places that a page may look into: the person's home, mounted disks, folders they named elsewhere and those they
// typed. Links are followed on both sides before a path is held against them, so that none leads out.
import { readdir, realpath, stat } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'

export interface Root {
  name: string
  path: string
}

/** A root with links followed. */
export interface Place extends Root {
  real: string
}

/**
 * named: where the library and the data sets lie, files by their folders; typed: folders of this session. What is not
 * there is left out, and so is the whole disk where a file merely lies at its top.
 */
export async function rootsOf(named: readonly string[], typed: readonly string[]): Promise<Place[]> {
  const home = { name: 'Home', path: homedir() }
  const places: Place[] = []
  const put = async (root: Root): Promise<void> => {
    const real = await realpath(root.path).catch(() => null)
    if (real !== null && !places.some((place) => isInside(real, place.real))) places.push({ ...root, real })
  }
  for (const root of [home, ...(await mounted()), ...typed.map(rootAt)]) await put(root)
  for (const path of named) {
    const isFolder = await stat(path).then(
      (info) => info.isDirectory(),
      () => false,
    )
    const folder = isFolder ? path : dirname(path)
    if (dirname(folder) !== folder) await put(rootAt(folder))
  }
  return places
}

/** Whether `real` is `folder` or below it; both with links followed. */
export function isInside(real: string, folder: string): boolean {
  const way = relative(folder, real)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

const rootAt = (path: string): Root => ({ name: basename(path) || path, path })

/** Where desktops and administrators mount disks. */
async function mounted(): Promise<Root[]> {
  if (process.platform === 'win32')
    return 'CDEFGHIJKLMNOPQRSTUVWXYZ'.split('').map((d) => ({ name: `${d}:`, path: `${d}:\\` }))
  const user = userInfo().username
  const above = [join('/media', user), join('/run/media', user), '/mnt', '/Volumes']
  const found = await Promise.all(above.map((folder) => foldersIn(folder)))
  return found.flat()
}

async function foldersIn(folder: string): Promise<Root[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, path: join(folder, name) }))
    .sort((a, b) => a.name.localeCompare(b.name))
}
