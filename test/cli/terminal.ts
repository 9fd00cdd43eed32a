// basil as a person starts it: the whole program as a process of its own, with a data folder and an engine of its own,
// and what it printed.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

import { onTestFinished } from 'vitest'

import { started } from '../bundles.ts'
import { toyEntry } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'

export interface Place {
  home: string // the data folder
  cwd?: string
  env?: NodeJS.ProcessEnv // beside this process' own
  before?: string // shell commands that come first, in a mount namespace of their own
}

export interface Outcome {
  code: number | null
  out: string
  err: string
}

export type Started = ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream }

const cli = started('src-main/cli.ts')

/** The toy engine instead of the real one. */
export const withToy = (toy: Toy = {}): NodeJS.ProcessEnv => ({ BASIL_ENGINE: toyEntry, TOY: JSON.stringify(toy) })

/** The portable engine with one thread. */
export const oneThread: NodeJS.ProcessEnv = { BASIL_BACKEND: 'wasm', BASIL_THREADS: '1' }

/** It ends with the test at the latest. */
export function start(args: readonly string[], { home, cwd, env, before }: Place): Started {
  const shell = before ? ['unshare', '-m', 'sh', '-c', `${before} && exec "$@"`, 'sh'] : []
  const [program = '', ...rest] = [...shell, process.execPath, cli, ...args]
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, BASIL_HOME: home, ...env },
    cwd,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

export async function outcome(child: Started): Promise<Outcome> {
  let out = ''
  let err = ''
  child.stdout.on('data', (text) => (out += text))
  child.stderr.on('data', (text) => (err += text))
  const [code] = await once(child, 'close')
  return { code, out, err }
}

export const basil = (args: readonly string[], place: Place): Promise<Outcome> => outcome(start(args, place))

/** Waits for its end: for what is read outside of a test, and for one command after the other. */
export function basilSync(args: readonly string[], { home, cwd, env }: Omit<Place, 'before'>): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    encoding: 'utf8',
    env: { ...process.env, BASIL_HOME: home, ...env },
    cwd,
  })
  return { code: status, out: stdout, err: stderr }
}
