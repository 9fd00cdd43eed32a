// What reading refuses: a file's fault, or that of the process that reads.
import { BasilError, reported } from '../../contract/errors.ts'

export function unreadable(path: string, why: string): BasilError {
  return new BasilError({
    code: 'file-unreadable',
    what: 'A file cannot be read',
    where: path,
    why,
    next: 'check the file, its permissions and the disk',
  })
}

export function stopped(where: string, why: string): BasilError {
  return unreadable(where, `the process that read it stopped working: ${why}`)
}

export function cannotStart(why: string): BasilError {
  return new BasilError({
    code: 'engine-lost',
    what: 'The process that reads checkpoints cannot be started',
    where: '',
    why,
    ...reported({
      next: 'see what "basil doctor" says, reading goes on with the next refresh; if it stays,',
      inWindow: 'look at all files again; if it stays,',
    }),
  })
}

export function closed(): BasilError {
  return new BasilError({
    code: 'cancelled',
    what: 'Reading was ended',
    where: '',
    why: 'Basil was closed',
    next: 'it goes on at the next start',
  })
}
