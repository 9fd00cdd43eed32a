// A process whose disk fails at every system call in turn, as disk.cc makes it: arguments are a folder for it, the file
// that commands go to, how far apart the calls are that fail, and which share of the actions is its own, of how many.
// Says what came of it.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'

import { everyStep, everyStepOfOpening, type Faults, type Tried } from '../durable-steps.ts'

const [, , scratch = '', control = '', apart = '1', share = '0', shares = '1'] = process.argv

function command(text: string): void {
  const file = openSync(control, 'a')
  writeSync(file, text)
  closeSync(file)
}

const { ENOSPC, EIO } = constants.errno
const faults: Faults = {
  arm: (n, how, code) => command(`fail ${n} ${how === 'once' ? how : 'forever'} ${code === 'full' ? ENOSPC : EIO}`),
  heal: () => {
    command('heal')
    return Number(readFileSync(control, 'utf8'))
  },
}
const old = join(import.meta.dirname, '../../databases/history-v7.sqlite')
const each = Number(apart)
const isMine = (place: number): boolean => place % Number(shares) === Number(share)
const all: Tried[] = []
for (const [place, from] of [null, old].entries())
  if (isMine(place)) all.push(await everyStepOfOpening(scratch, faults, each, from))
all.push(await everyStep(scratch, faults, each, isMine))
process.stdout.write(
  JSON.stringify({
    count: all.reduce((sum, { count }) => sum + count, 0),
    lost: all.flatMap(({ lost }) => lost),
    differ: all.flatMap(({ differ }) => differ),
  }),
)
