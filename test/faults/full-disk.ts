// A disk that takes no more: a small tmpfs that only this process and its children see, with so many bytes free, or
// whose n-th write fails. full-main.ts works on it, full-disk.test.ts starts that.
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'

/** What is wrong with it: no more than so many bytes are free, it is read-only, or its n-th write, from 0, fails. */
export type Trouble =
  | { free: number }
  | { readOnly: true }
  | { write: number; code: 'ENOSPC' | 'EIO' | 'EROFS'; forGood: boolean }

export interface FailingDisk {
  folder: string
  used(): number // bytes
  begin(trouble: Trouble): void
  end(): void
  /** Writes since the beginning of the trouble, and those of them that failed. */
  writes(): { made: number; failed: number }
}

const words = 5 // of the control file (failing-writes.c)
const nothing = -1

export const emptyControl = (): Buffer => control(nothing, 0, false)

function control(at: number, error: number, forGood: boolean): Buffer {
  return Buffer.from(Int32Array.of(at, error, Number(forGood), 0, 0).buffer)
}

/** In a mount namespace of its own. controlFile: of failing-writes.c, where that is loaded. */
export function mountDisk(folder: string, bytes: number, controlFile: string): FailingDisk {
  const mount = (...how: string[]): void => void execFileSync('mount', [...how, folder])
  mount('-t', 'tmpfs', '-o', `size=${bytes}`, 'basil')
  const filler = join(folder, 'filler')
  const free = (): number => {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  }
  const arm = (numbers: Buffer): void => {
    const file = openSync(controlFile, 'r+')
    writeSync(file, numbers, 0, numbers.length, 0)
    closeSync(file)
  }
  return {
    folder,
    used: () => bytes - free(),
    begin: (trouble) => {
      if ('readOnly' in trouble) mount('-o', 'remount,ro')
      else if ('free' in trouble) writeFileSync(filler, new Uint8Array(Math.max(0, free() - trouble.free)))
      else arm(control(trouble.write, constants.errno[trouble.code], trouble.forGood))
    },
    end: () => {
      mount('-o', 'remount,rw')
      rmSync(filler, { force: true })
      arm(emptyControl())
    },
    writes: () => {
      const found = Buffer.alloc(4 * words)
      const file = openSync(controlFile, 'r')
      readSync(file, found, 0, found.length, 0)
      closeSync(file)
      return { made: found.readInt32LE(12), failed: found.readInt32LE(16) }
    },
  }
}
