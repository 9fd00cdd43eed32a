// A process that may read files and nothing else (Node's permission model), which opens and reads every file it is told
// and says what it saw: each outcome, and every kind of asynchronous resource that came to be (a socket, a process, a
// thread have kinds of their own). At last it tries to write, to start a process and to open a socket, to show that all
// three would have been seen.

import { createHook } from 'node:async_hooks'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'

import { type ErrorRecord, recordOf } from '../../src-main/contract/errors.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { openSource } from '../../src-main/files/source.ts'
import { counting } from '../engine/formats/bytes.ts'

export interface Canary {
  // by file: its bytes, and those read of it
  outcomes: Record<string, { names?: string[]; error?: ErrorRecord; size: number; bytes: number }>
  seen: string[] // kinds of asynchronous resources
  memory: number // MiB at the most
  control: { denied: string[]; socket: string[] }
}

const kinds = new Set<string>()
createHook({ init: (_, kind) => void kinds.add(kind) }).enable()

const outcomes: Canary['outcomes'] = {}
for (const path of process.argv.slice(2)) {
  const seen = { bytes: 0 }
  const source = counting(await openSource(path), seen)
  const { size } = source
  try {
    const file = await openTensorFile(source)
    for (const name of file.tensors.keys()) await file.read(name)
    outcomes[source.name] = { names: [...file.tensors.keys()], size, ...seen }
  } catch (error) {
    outcomes[source.name] = { error: recordOf(error), size, ...seen }
  } finally {
    await source.close()
  }
}
const seen = [...kinds]
const memory = process.resourceUsage().maxRSS / 1024 // MiB

const denied: string[] = []
for (const attempt of [() => writeFileSync('PWNED', ''), () => spawn('true')])
  try {
    attempt()
  } catch (error) {
    denied.push((error as NodeJS.ErrnoException).code ?? '')
  }
kinds.clear()
connect({ port: 1, host: '127.0.0.1' }).on('error', () => undefined)
process.stdout.write(
  JSON.stringify({ outcomes, seen, memory, control: { denied, socket: [...kinds] } } satisfies Canary),
)
