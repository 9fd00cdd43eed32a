// The settings as the window shows and changes them: what is kept, what this machine has, and what the data folder
// takes.
import { readdir, rm, stat } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { isAbsolute, join } from 'node:path'

import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import {
  type Clearable,
  clearable,
  type DataPart,
  type Limits,
  type SettingsShown,
} from '../../contract/api/settings.ts'
import { BasilError } from '../../contract/errors.ts'
import { cacheCap } from '../../files/cache-room.ts'
import { cachesIn } from '../../files/caches.ts'
import { statisticsFolder } from '../../files/data-folder.ts'
import { diskUse } from '../../files/disk-use.ts'
import { logsFolder } from '../../files/log.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { tuningsFolder } from '../../files/tuning-folders.ts'
import type { Jobs } from '../jobs/queue.ts'
import { exportsFolder, keepLimits, keptLimits, limitsEnvironment, saidInEnvironment } from './kept.ts'

export interface Settings {
  show(): Promise<SettingsShown>
  /** Throws run-state while anything is at work, where the engine's process needs it; file-missing for a folder. */
  choose(change: Partial<Limits>): Promise<void>
  clear(part: Clearable): Promise<void>
}

interface Options {
  home: string
  jobs: Pick<Jobs, 'requireQuiet'>
  renew: () => void // the engine's process
  env?: NodeJS.ProcessEnv
}

export function createSettings({ home, jobs, renew, env = process.env }: Options): Settings {
  return {
    show: async () => ({
      limits: keptLimits(home),
      said: saidInEnvironment(env),
      threads: availableParallelism(),
      memoryBytes: totalmem(),
      cacheBytes: cacheCap({ ...limitsEnvironment(home, env), ...env }),
      exports: exportsFolder(home),
      dataFolder: home,
      parts: await partsOf(home),
    }),
    choose: async (change) => {
      const isEngines = ['threads', 'memoryGigabytes', 'cacheGigabytes'].some((name) => name in change)
      if (isEngines) jobs.requireQuiet()
      if (change.exports) await requireFolder(change.exports)
      await keepLimits(home, { ...keptLimits(home), ...change })
      if (isEngines) renew()
    },
    clear: async (part) => {
      jobs.requireQuiet()
      const folder = folderOf(home, part)
      for (const name of await readdir(folder).catch(() => [])) await rm(join(folder, name), { recursive: true })
    },
  }
}

export function settingsRouter(settings: Settings) {
  const os = implement(api).settings
  return {
    show: os.show.handler(() => settings.show()),
    choose: os.choose.handler(async ({ input }) => {
      await settings.choose(input)
      return settings.show()
    }),
    clear: os.clear.handler(async ({ input }) => {
      await settings.clear(input.part)
      return settings.show()
    }),
  }
}

function folderOf(home: string, part: Clearable): string {
  return part === 'statistics' ? statisticsFolder(home) : cachesIn(home)[part]
}

async function partsOf(home: string): Promise<DataPart[]> {
  const part = async (name: DataPart['name'], ...paths: string[]): Promise<DataPart> => {
    const used = await Promise.all(paths.map(diskUse))
    return {
      name,
      bytes: used.reduce((sum, { bytes }) => sum + bytes, 0),
      files: used.reduce((sum, { files }) => sum + files, 0),
    }
  }
  const all = await part('other', home)
  const known = await Promise.all([
    ...clearable.map((name) => part(name, folderOf(home, name))),
    part('history', ...['', '-wal', '-shm'].map((suffix) => join(home, `history.sqlite${suffix}`))),
    part('backups', join(home, 'backups')),
    part('exports', exportsFolder(home)),
    part('tunings', tuningsFolder(home)),
    part('engine', join(home, 'engine')),
    part('logs', logsFolder(home)),
  ])
  const rest = (of: 'bytes' | 'files'): number => Math.max(0, all[of] - known.reduce((sum, one) => sum + one[of], 0))
  return [...known, { name: 'other', bytes: rest('bytes'), files: rest('files') }]
}

/** Made where it is not there. */
async function requireFolder(folder: string): Promise<void> {
  const wrong = (why: string): BasilError =>
    new BasilError({
      code: 'target-unwritable',
      what: 'Exports cannot go to this folder',
      where: folder,
      why,
      next: 'name a folder you may write to, by its whole path',
    })
  if (!isAbsolute(folder)) throw wrong('it is not a whole path')
  try {
    makeFolder(folder)
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error))
  }
  if (!(await stat(folder)).isDirectory()) throw wrong('it is a file')
}
