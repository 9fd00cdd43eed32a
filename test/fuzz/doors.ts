// What a reader of hostile bytes must never open: a process, a thread, a socket, a pipe. Node gives each a kind of
// asynchronous resource, so that what came to be between two moments can be seen, whoever made it. (A process that is
// waited for has none; golden/formats-canary.ts, which may start none at all, is there for those.)
import { createHook } from 'node:async_hooks'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'

const door = /PROCESS|TCP|UDP|TLS|PIPE|WORKER|GETADDRINFO|DNS|HTTP/i

/** Until it is called: the kinds of what was opened. */
export function watchDoors(): () => string[] {
  const kinds = new Set<string>()
  const hook = createHook({ init: (_, kind) => void (door.test(kind) && kinds.add(kind)) }).enable()
  return () => {
    hook.disable()
    return [...kinds]
  }
}

/** The watch itself at work: which of a process, a socket, a datagram and a thread were seen. */
export async function doorsThatAreSeen(): Promise<number> {
  const attempts = [
    () => void spawn(process.execPath, ['--version']).on('error', () => undefined),
    () => void connect({ port: 1, host: '127.0.0.1' }).on('error', () => undefined),
    () => void createSocket('udp4').close(),
    async () => void (await new Worker('', { eval: true }).terminate()),
  ]
  let seen = 0
  for (const attempt of attempts) {
    const opened = watchDoors()
    await attempt()
    if (opened().length > 0) seen++
  }
  return seen
}
