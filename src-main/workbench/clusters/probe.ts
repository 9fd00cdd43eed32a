// What a look at a cluster finds: that it can be reached, its folder, its program, its machine, its clock and its
// scheduler, each with what is wrong and what to do.
import type { Probe } from '../../contract/api/clusters.ts'
import type { Hello } from '../../contract/clusters/remote.ts'
import type { Told } from '../../contract/engine-api.ts'
import { recordOf } from '../../contract/errors.ts'
import type { OpenedTarget } from './open.ts'

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`
const skewed = 60 // seconds

export async function* probeOf({ target }: OpenedTarget, signal: AbortSignal): AsyncGenerator<Told<Probe>> {
  const { cluster } = target
  const found: Probe = { cluster: cluster.name, facts: [], wrong: [], notes: [] }
  const facts: Probe['facts'] = found.facts
  try {
    yield { type: 'progress', what: 'Asking the scheduler', done: 0, total: 3 }
    const scheduler = await target.probe()
    facts.push(...scheduler.facts)
    found.wrong.push(...scheduler.wrong)
    found.notes.push(...scheduler.notes)
    const isThere = await target.isInstalled()
    yield { type: 'progress', what: isThere ? 'The program is there' : 'Sending the program', done: 1, total: 3 }
    await target.install(signal, () => undefined)
    yield { type: 'progress', what: 'Asking the program', done: 2, total: 3 }
    const asked = Date.now()
    const hello = await target.hello()
    facts.push(...factsOf(hello))
    const ahead = (Date.parse(hello.now) - (asked + Date.now()) / 2) / 1000
    if (Math.abs(ahead) > skewed) found.notes.push(clockWords(ahead))
    if (cluster.gpus > 0 && hello.gpus.length === 0) found.notes.push(noCard)
  } catch (thrown) {
    found.wrong.push(recordOf(thrown))
  }
  yield { type: 'result', result: found }
}

function factsOf(hello: Hello): Probe['facts'] {
  return [
    { what: 'Machine', is: `${hello.host}, ${hello.cpus} processors, ${gibibytes(hello.memoryBytes)}` },
    { what: 'C library', is: hello.glibc === null ? 'not glibc' : `glibc ${hello.glibc}` },
    { what: 'Free in its folder', is: hello.freeBytes === null ? 'not known' : gibibytes(hello.freeBytes) },
    { what: 'Cards seen there', is: hello.gpus.length === 0 ? 'none' : hello.gpus.join('; ') },
    { what: 'Program', is: `Basil ${hello.basil}, Node ${hello.node}, engine ${hello.engine}` },
  ]
}

const clockWords = (ahead: number): string =>
  `Its clock is ${Math.abs(Math.round(ahead))} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's; times of its runs are those of this machine.`

const noCard =
  'The machine that was asked has no card that its driver lists; that of the partition may. Basil sees when a task begins.'
