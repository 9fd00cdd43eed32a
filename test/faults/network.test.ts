// No connection leaves (R15) and nothing is listened to (R14) by a run on the terminal or in the window's program:
// each learns the sample from its opening to the written model in a network namespace that has no way out, and strace
// writes down what any of its processes asks of the system's sockets. Only sockets of files and of the kernel itself
// may be among it. Where strace or the namespace is not to be had, a loud line says so; with NETWORK_REQUIRED that is
// an error.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { started } from '../bundles.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { tell } from './promises.ts'

const root = join(import.meta.dirname, '..', '..')
const alone = ['-rn'] // a user namespace, so that no rights are needed, and in it a network of its own
const traced = ['-f', '--seccomp-bpf', '-qq', '-e', 'trace=socket,connect,bind,listen,accept,accept4,sendto,sendmsg']
const works = (...command: [string, ...string[]]): boolean => spawnSync(command[0], command.slice(1)).status === 0
const isThere =
  process.platform === 'linux' && works('unshare', ...alone, 'true') && works('strace', '-f', '--seccomp-bpf', 'true')
if (!isThere) {
  const missing = 'no strace (apt-get install strace), or no network namespace: what leaves is NOT watched'
  if (process.env['NETWORK_REQUIRED']) throw new Error(missing)
  console.error(`\n*** ${missing} ***\n`)
}

interface Watched {
  status: number | null
  out: string
  err: string
  calls: string[] // of what is neither a socket of files nor one of the kernel
  listens: string[]
}

function watched(args: string[], home: string): Watched {
  const log = join(home, 'sockets.strace')
  const one = { BASIL_HOME: join(home, 'data'), BASIL_ENGINES: 'wasm', BASIL_THREADS: '1' }
  const told = spawnSync('unshare', [...alone, 'strace', ...traced, '-o', log, process.execPath, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...one },
  })
  const calls = readFileSync(log, 'utf8').split('\n')
  return {
    ...{ status: told.status, out: told.stdout, err: told.stderr },
    calls: calls.filter((call) => /AF_(?!UNIX|NETLINK|UNSPEC)\w+|nscd/.test(call)),
    listens: calls.filter((call) => /\b(listen|accept4?)\(/.test(call)),
  }
}

describe.skipIf(!isThere)('no connection, no DNS, no listening socket', () => {
  const paths = {
    'on the terminal': (home: string) => {
      const config = JSON.parse(readFileSync(join(root, 'resources', 'sample', 'task-arithmetic.json'), 'utf8'))
      const sample = (path: string): string => join(root, 'resources', 'sample', path)
      const placed = {
        ...config,
        pretrained: sample(config.pretrained),
        vectors: config.vectors.slice(0, 2).map(sample),
        tasks: config.tasks.slice(0, 2).map((task: Record<string, string>) => ({
          ...task,
          ...Object.fromEntries(
            ['data', 'head', 'validation', 'test'].map((key) => [key, task[key] && sample(task[key])]),
          ),
        })),
      }
      writeFileSync(join(home, 'run.json'), JSON.stringify(placed))
      return [started('src-main/cli.ts'), 'run', join(home, 'run.json'), '--json']
    },
    "in the window's program": (home: string) => [
      join(import.meta.dirname, 'toy-desktop.ts'),
      join(home, 'written.safetensors'),
    ],
  }
  test.each(Object.entries(paths))('%s', (where, argsOf) => {
    const began = performance.now()
    const home = temporaryFolder()
    const { status, out, err, calls, listens } = watched(argsOf(home), home)
    tell('R15', began, { count: 1, lost: calls.length, differ: 0, besides: `${where}, without a way out` })
    tell('R14', began, { count: 1, lost: listens.length, differ: 0, besides: `no listening socket ${where}` })
    expect({ calls, listens }).toEqual({ calls: [], listens: [] })
    expect({ status, err: status === 0 ? '' : err }).toEqual({ status: 0, err: '' })
    expect(out).toContain('done')
  })

  test('the watch sees a connection, a question to DNS and a listening socket', () => {
    const home = temporaryFolder()
    const script = `
      import { connect, createServer } from 'node:net'
      connect({ host: '127.0.0.1', port: 1 }).on('error', () => undefined)
      createServer().on('error', () => undefined).listen(0).unref()
    `
    const { calls, listens } = watched(['--input-type=module', '-e', script], home)
    expect([calls.some((call) => call.includes('connect(')), listens.length]).toEqual([true, 1])
  })
})
