// A process on a disk that is broken, as disk.cc makes it: says why a folder in the first argument could not be made,
// by each that makes some. The second is the file that commands go to.
import { writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'

import { makeFolder } from '../../../src-main/files/made-folder.ts'
import { halfCopyIn } from '../../../src-main/history/on-disk.ts'

const [, , root = '', control = ''] = process.argv
const why = (make: () => unknown): string => {
  try {
    make()
    return 'it was made'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

writeFileSync(control, `fail 1 forever ${constants.errno.EIO}`, { flag: 'a' })
const told = [why(() => makeFolder(join(root, 'one', 'in another'))), why(() => halfCopyIn(join(root, 'backups')))]
writeFileSync(control, 'heal', { flag: 'a' })
told.push(
  why(() => makeFolder(join(root, 'one', 'in another'))),
  why(() => halfCopyIn(join(root, 'backups'))),
)
process.stdout.write(JSON.stringify(told))
