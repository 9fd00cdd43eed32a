// A disk that fails at a chosen operation, for tests of what is left behind.
import { type Disk, disk, type OpenFile } from '../../src-main/files/write-atomic.ts'

/** The real disk, with partial writes of at most `most` bytes, until operation n (from 0) fails. */
export function failing(
  n: number,
  code: string,
  how: 'once' | 'for good',
  most = 3,
): { disk: Disk; hit: () => boolean; count: () => number } {
  let count = 0
  const turn =
    <A extends unknown[], T>(act: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      const mine = count++
      if (how === 'once' ? mine === n : mine >= n) throw Object.assign(new Error(`${code}: injected`), { code })
      return act(...args)
    }
  const open = (file: OpenFile): OpenFile => ({
    write: turn((bytes, position) => file.write(bytes.subarray(0, most), position)),
    sync: turn(() => file.sync()),
    close: () => file.close(),
  })
  return {
    disk: {
      access: disk.access,
      create: turn(async (path) => open(await disk.create(path))),
      rename: turn(disk.rename),
      link: turn(disk.link),
      unlink: turn(disk.unlink),
      syncFolder: turn(disk.syncFolder),
    },
    hit: () => count > n,
    count: () => count,
  }
}
